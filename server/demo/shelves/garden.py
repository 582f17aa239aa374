"""Garden & Workshop."""

from __future__ import annotations

from typing import Final

from server.demo.shelves.shelf import department, kind, shelf

GARDEN: Final = (
    department(
        "Garden & Workshop",
        "Chosen by people who garden and build every week.",
        shelf(
            "Plants & Growing",
            "Greenhollow|Rowan & Thistle",
            kind(
                "seeds",
                "{brand} {plant} Seeds",
                3,
                6,
                "Open-pollinated seed of {plant}, tested for this year.",
                again=60,
                plant="Cherry Tomato|Basil|Sugar Snap Pea|Sunflower|Zucchini|Lavender|Butter Lettuce",
                most=12,
            ),
            kind(
                "pot",
                "{brand} {type}, {size}",
                14,
                32,
                "Frost-proof with a drainage hole and saucer.",
                type="Terracotta Pot|Glazed Planter|Hanging Planter",
                size="6 in*.7|10 in|14 in*1.6",
                most=11,
            ),
            kind(
                "soil",
                "{brand} {type}",
                12,
                24,
                "Peat-free and ready to use.",
                again=50,
                type="Organic Potting Mix, 16 qt|Seed Starting Mix, 8 qt|Worm Castings, 15 lb|Liquid "
                "Plant Food, 32 oz",
            ),
            kind(
                "houseplant",
                "{plant}, Potted, {size}",
                18,
                45,
                "Grown in a nursery pot and easy to keep alive.",
                plant="Snake Plant|Monstera Deliciosa|Golden Pothos|Fiddle Leaf Fig*1.6|Peace Lily",
                size="4 in*.6|6 in",
            ),
        ),
        shelf(
            "Garden Tools",
            "Fieldmark|Rowan & Thistle",
            kind(
                "hand-tool",
                "{brand} {type}",
                14,
                32,
                "Forged steel head on an ash handle.",
                type="Hand Trowel|Bypass Pruners|Weeding Fork|Bulb Planter|Hori Hori Knife*1.4",
                most=8,
            ),
            kind(
                "watering",
                "{brand} {type}",
                18,
                48,
                "Waters gently and does not leak at the joints.",
                type="Watering Can, 2 gal|Soaker Hose, 50 ft|Expandable Hose, 75 ft|Garden Hose Nozzle*.5",
                most=7,
            ),
            kind(
                "gloves",
                "{brand} Gardening Gloves, {size}",
                9,
                18,
                "Goatskin palms, breathable backs.",
                size="Small|Medium|Large",
                most=5,
            ),
        ),
        shelf(
            "Power & Hand Tools",
            "Hartwell|Fieldmark",
            kind(
                "drill",
                "{brand} {type}",
                59,
                129,
                "Brushless motor, two batteries and a case.",
                type="18V Cordless Drill|18V Impact Driver|Orbital Sander*.8|Jigsaw",
                most=7,
            ),
            kind(
                "bits",
                "{brand} {type}",
                12,
                34,
                "Hardened steel in a case that stays in order.",
                type="Drill Bit Set, 21 Pieces|Screwdriver Bit Set, 40 Pieces|Hole Saw Set|Masonry "
                "Bits, 7 Pieces",
                most=7,
            ),
            kind(
                "hand-tools",
                "{brand} {type}",
                15,
                42,
                "A tool to hand down.",
                type="Claw Hammer|Adjustable Wrench|Tape Measure, 25 ft*.6|Level, 24 in|Locking Pliers|"
                "Socket Set*1.6",
                most=9,
            ),
        ),
        seasons={3: 1.4, 4: 1.7, 5: 1.7, 6: 1.3, 11: 0.6, 12: 0.5, 1: 0.5},
    ),
)
