"""Home & Kitchen, Furniture & Decor, Garden & Tools."""

from __future__ import annotations

from typing import Final

from server.demo.shelves.shelf import department, kind, shelf

HOME: Final = (
    department(
        "Home & Kitchen",
        "Comes with a two-year guarantee.",
        shelf(
            "Cookware",
            "Ironwood|Maison Verte|Calder & Sons|Northfield",
            kind("skillet", "{brand} Cast Iron Skillet, {size}", 28, 42, "Pre-seasoned cast iron that sears, bakes "
                 "and goes from stove to oven; {size} across.", size="8 in*.7|10 in|12 in*1.3"),
            kind("dutch-oven", "{brand} Enameled Dutch Oven, {size}, {color}", 75, 120, "Heavy enameled iron holds a "
                 "low simmer for hours; the {color} glaze wipes clean.", size="4 qt|6 qt*1.25",
                 color="Ember Red|Sea Blue|Oat|Forest Green"),
            kind("saucepan", "{brand} Stainless Steel Saucepan, {size}", 32, 52, "Three-layer base heats evenly; the "
                 "pouring rim does not drip.", size="1.5 qt|2 qt*1.15|3 qt*1.35"),
            kind("baking-sheet", "{brand} {type}", 14, 26, "Aluminized steel that browns evenly and does not warp.",
                 type="Half Sheet Pan|Quarter Sheet Pan|Nonstick Muffin Tin|Loaf Pan|Springform Cake Pan"),
            kind("utensil", "{brand} {type}", 8, 19, "Made for daily use, safe in the dishwasher.",
                 type="Silicone Spatula Set|Olive Wood Spoon|Balloon Whisk|Fine Mesh Strainer|Box Grater|Kitchen Tongs"),
        ),
        shelf(
            "Knives & Cutting Boards",
            "Edgewater|Calder & Sons|Tanaka Works",
            kind("knife", "{brand} {type}", 38, 95, "High-carbon steel, ground thin and balanced at the bolster.",
                 type="Chef's Knife, 8 in|Santoku Knife, 7 in|Paring Knife, 3.5 in*.5|Bread Knife, 9 in|Nakiri Knife"),
            kind("board", "{brand} {wood} Cutting Board, {size}", 24, 40, "Solid {wood} with a juice groove on one side "
                 "and a flat face on the other.", wood="Acacia|Maple|Walnut*1.4|Bamboo*.7", size="Medium|Large*1.4"),
            kind("sharpener", "{brand} {type}", 22, 48, "Brings a dull edge back in a few strokes.", most=5,
                 type="Whetstone, 1000/6000 Grit|Pull-Through Sharpener*.6|Honing Steel*.8"),
        ),
        shelf(
            "Coffee & Tea Makers",
            "Harbour Lane|Brewster|Kestrel",
            kind("dripper", "{brand} Pour-Over Dripper, {material}", 18, 32, "Spiral ribs and a single opening for a "
                 "clean, even cup.", material="Ceramic White|Ceramic Black|Glass|Copper*1.6"),
            kind("grinder", "{brand} {type}", 39, 95, "Steel burrs with stepped settings from espresso to French press.",
                 type="Hand Coffee Grinder|Electric Burr Grinder*1.7", most=6),
            kind("press", "{brand} French Press, {size}", 24, 42, "Double-walled steel keeps {size} of coffee hot for "
                 "an hour.", size="17 oz*.8|34 oz|51 oz*1.3"),
            kind("kettle", "{brand} Gooseneck Kettle, {finish}", 45, 85, "Holds any temperature you set and pours a "
                 "thin, steady stream.", finish="Matte Black|Brushed Steel|White"),
            kind("mug", "{brand} Stoneware Mug, {color}", 11, 19, "Hand-glazed stoneware, 12 oz, safe in the microwave.",
                 color="Speckled White|Ink Blue|Moss|Terracotta"),
            kind("teapot", "{brand} {type}", 26, 48, "Pours without dripping, with a removable steel infuser.",
                 type="Glass Teapot, 34 oz|Cast Iron Teapot, 26 oz|Porcelain Teapot, 40 oz"),
        ),
        shelf(
            "Food Storage",
            "Larder|Clearbay",
            kind("containers", "{brand} {type}", 18, 39, "Airtight, stackable and easy to see into.",
                 type="Glass Container Set, 5 Pieces|Glass Container Set, 10 Pieces*1.6|Bento Lunch Box*.7|"
                 "Flour and Sugar Canisters, Set of 3|Spice Jars, Set of 12"),
            kind("wraps", "{brand} {type}", 7, 16, "Keeps food fresh with less waste.", again=45,
                 type="Beeswax Wraps, 3 Pack|Reusable Zip Bags, 6 Pack|Parchment Paper Roll|Compostable Bin Liners"),
        ),
        shelf(
            "Cleaning",
            "Plainly|Bright & Bare",
            kind("detergent", "{brand} Laundry Detergent, {scent}, {size}", 12, 19, "Plant-based and concentrated; "
                 "rinses out in cold water.", again=32, scent="Lavender|Fresh Linen|Unscented", size="50 oz|100 oz*1.7"),
            kind("dish-soap", "{brand} Dish Soap, {scent}, 16 oz", 4, 7, "Cuts grease and is kind to hands.", again=28,
                 scent="Lemon|Basil|Sea Salt|Unscented"),
            kind("surface", "{brand} {type}", 5, 11, "Cleans without streaks and without harsh fumes.", again=40,
                 type="All-Purpose Cleaner, 28 oz|Glass Cleaner, 28 oz|Bathroom Cleaner, 28 oz|Floor Cleaner, 32 oz"),
            kind("paper-towels", "{brand} {type}", 14, 26, "Strong when wet, made from recycled fibre.", again=30,
                 type="Paper Towels, 8 Rolls|Bath Tissue, 24 Rolls|Facial Tissues, 6 Boxes*.7"),
            kind("sponge", "{brand} {type}", 5, 12, "Scrubs hard, rinses clean, lasts for weeks.", again=45,
                 type="Cellulose Sponges, 6 Pack|Dish Brush|Microfiber Cloths, 12 Pack|Swedish Dishcloths, 5 Pack"),
        ),
    ),
    department(
        "Furniture & Decor",
        "Free returns within 30 days.",
        shelf(
            "Bedding & Bath",
            "Fairweather|Linen Yard|Dovecote",
            kind("sheets", "{brand} {fabric} Sheet Set, {size}", 55, 90, "Breathable {fabric} that softens with every "
                 "wash; fits mattresses up to 15 in.", fabric="Cotton Percale|Linen*1.6|Sateen",
                 size="Twin*.7|Queen|King*1.15", most=12),
            kind("pillow", "{brand} {type}", 28, 60, "Keeps its loft and can be washed at home.",
                 type="Down Alternative Pillow|Memory Foam Pillow|Side Sleeper Pillow"),
            kind("towels", "{brand} Turkish Cotton {type}, {color}", 16, 34, "Long loops that drink up water and dry "
                 "quickly.", type="Bath Towel|Hand Towels, Set of 2|Bath Sheet*1.4",
                 color="White|Slate|Sage|Clay", most=11),
            kind("duvet", "{brand} {type}", 75, 140, "Box-stitched so that the filling stays where it belongs.",
                 type="All-Season Duvet|Lightweight Summer Duvet*.8|Weighted Blanket, 15 lb"),
        ),
        shelf(
            "Lighting",
            "Lumen Hall|Oxbow",
            kind("lamp", "{brand} {type}, {finish}", 38, 95, "A warm light for reading; the shade turns and tilts.",
                 type="Desk Lamp|Floor Lamp*1.6|Bedside Lamp*.8", finish="Brass|Black|Walnut", most=12),
            kind("bulbs", "{brand} {type}", 9, 24, "Ten-year LED that dims without flicker.", again=80,
                 type="LED Bulbs, Warm White, 4 Pack|Edison LED Bulbs, 3 Pack|Smart Color Bulb"),
        ),
        shelf(
            "Wall Art & Accents",
            "Dovecote|Papermoon|Oxbow",
            kind("print", "{brand} Framed Print, {motif}", 32, 75, "Archival ink on cotton paper in a solid wood frame.",
                 motif="Foggy Pines|Desert Dunes|Botanical Fern|City at Dusk|Harbor Morning|Wild Poppies", most=12),
            kind("candle", "{brand} Soy Candle, {scent}", 14, 28, "Poured by hand, burns for fifty hours.", again=40,
                 scent="Cedar & Smoke|Fig Leaf|Sea Salt|Vanilla Oak|Orange Blossom", most=12),
            kind("cushion", "{brand} {fabric} Throw Pillow, {color}", 22, 42, "Hidden zipper, feather insert included.",
                 fabric="Linen|Velvet|Wool*1.2", color="Rust|Navy|Cream|Olive", most=12),
            kind("vase", "{brand} {type}", 19, 52, "Each one turned out a little different.",
                 type="Ribbed Glass Vase|Stoneware Bud Vase*.6|Tall Terracotta Vase"),
        ),
        seasons={10: 1.1, 11: 1.25, 12: 1.3},
    ),
    department(
        "Garden & Tools",
        "Built to be left in the shed and used for years.",
        shelf(
            "Plants & Growing",
            "Greenhollow|Rowan & Thistle",
            kind("seeds", "{brand} {plant} Seeds", 3, 6, "Open-pollinated seed of {plant}, tested for this year.", again=60,
                 plant="Cherry Tomato|Basil|Sugar Snap Pea|Sunflower|Zucchini|Lavender|Butter Lettuce", most=12),
            kind("pot", "{brand} {type}, {size}", 14, 32, "Frost-proof with a drainage hole and saucer.",
                 type="Terracotta Pot|Glazed Planter|Hanging Planter", size="6 in*.7|10 in|14 in*1.6", most=11),
            kind("soil", "{brand} {type}", 12, 24, "Peat-free and ready to use.", again=50,
                 type="Organic Potting Mix, 16 qt|Seed Starting Mix, 8 qt|Worm Castings, 15 lb|Liquid Plant Food, 32 oz"),
            kind("houseplant", "{plant}, Potted, {size}", 18, 45, "Grown in a nursery pot and easy to keep alive.",
                 plant="Snake Plant|Monstera Deliciosa|Golden Pothos|Fiddle Leaf Fig*1.6|Peace Lily", size="4 in*.6|6 in"),
        ),
        shelf(
            "Garden Tools",
            "Fieldmark|Rowan & Thistle",
            kind("hand-tool", "{brand} {type}", 14, 32, "Forged steel head on an ash handle.",
                 type="Hand Trowel|Bypass Pruners|Weeding Fork|Bulb Planter|Hori Hori Knife*1.4", most=8),
            kind("watering", "{brand} {type}", 18, 48, "Waters gently and does not leak at the joints.",
                 type="Watering Can, 2 gal|Soaker Hose, 50 ft|Expandable Hose, 75 ft|Garden Hose Nozzle*.5", most=7),
            kind("gloves", "{brand} Gardening Gloves, {size}", 9, 18, "Goatskin palms, breathable backs.",
                 size="Small|Medium|Large", most=5),
        ),
        shelf(
            "Power & Hand Tools",
            "Hartwell|Fieldmark",
            kind("drill", "{brand} {type}", 59, 129, "Brushless motor, two batteries and a case.",
                 type="18V Cordless Drill|18V Impact Driver|Orbital Sander*.8|Jigsaw", most=7),
            kind("bits", "{brand} {type}", 12, 34, "Hardened steel in a case that stays in order.",
                 type="Drill Bit Set, 21 Pieces|Screwdriver Bit Set, 40 Pieces|Hole Saw Set|Masonry Bits, 7 Pieces", most=7),
            kind("hand-tools", "{brand} {type}", 15, 42, "A tool to hand down.",
                 type="Claw Hammer|Adjustable Wrench|Tape Measure, 25 ft*.6|Level, 24 in|Locking Pliers|Socket Set*1.6",
                 most=9),
        ),
        seasons={3: 1.4, 4: 1.7, 5: 1.7, 6: 1.3, 11: 0.6, 12: 0.5, 1: 0.5},
    ),
)
