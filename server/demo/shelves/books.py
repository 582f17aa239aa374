"""Books."""

from __future__ import annotations

from typing import Final

from server.demo.shelves.shelf import department, kind, shelf

BOOKS: Final = (
    department(
        "Books",
        "Printed on acid-free paper.",
        shelf(
            "Fiction",
            "Lantern Press",
            kind(
                "fiction",
                "{title}",
                11,
                19,
                '"{title}" is a novel you will press on your friends. Paperback, {brand}.',
                most=28,
                title="The Cartographer's Daughter|Salt on the Windowsill|A Quiet Kind of Thunder|"
                "The Lighthouse at Orrin Bay|Winter Orchard|The Last Clockmaker|Nine Rooms|What the "
                "Tide Left|"
                "The Apothecary's Ledger|Small Fires|Letters from Kestrel Street|The Hollow Season|A "
                "Map of Rain|"
                "The Glass Valley|Northbound|The Understudy|Every Other Sunday|The Beekeeper's War|Half "
                "the Sky Is Sea|"
                "The Paper Garden|Ashes of Elmswood|Tomorrow's Harbor|The Piano Tuner of Lisbon|"
                "Borrowed Light",
            ),
            kind(
                "mystery",
                "{title}",
                10,
                17,
                "A case that begins quietly and does not stay so. Paperback, {brand}.",
                most=14,
                title="Death at the Ferry: A Nora Vance Mystery|The Marsh House: An Inspector Hale "
                "Mystery|A Grave Mistake in Ash Lane: A Nora Vance Mystery|The Silent Choir: An "
                "Inspector Hale Mystery|Cold Harbour: A Nora Vance Mystery|The Third Key: An Inspector "
                "Hale Mystery|Murder by Lamplight: A Nora Vance Mystery|The Empty Pew: An Inspector "
                "Hale Mystery|Dead Reckoning: A Nora Vance Mystery|A Body of Water: An Inspector Hale "
                "Mystery|The Winter Guest: A Nora Vance Mystery|Last Orders at the Swan: An Inspector "
                "Hale Mystery",
            ),
        ),
        shelf(
            "Cooking & Home",
            "Hearthside Books",
            kind(
                "cookbook",
                "{title}",
                19,
                35,
                "A hundred recipes, each cooked at home before it was printed. Hardcover, {brand}.",
                most=18,
                title="Weeknight Pasta|The Bread Year|One Pan, Two People|Slow Mornings: Breakfast Worth "
                "Waking For|The Vegetable Grocer|Curry at Home|The Baker's Notebook|Simple Soups|Grill "
                "Season|"
                "The Coffee Handbook|Tea: A Guide for the Curious|Preserving the Garden|Fermented|The "
                "Dumpling Table",
            ),
            kind(
                "garden-book",
                "{title}",
                17,
                32,
                "Clear drawings and advice that has been dug by hand. Hardcover, {brand}.",
                most=8,
                title="The Balcony Gardener|Soil First|A Year of Herbs|Houseplants Without Fear|"
                "The Small Orchard|Pruning, Plainly",
            ),
        ),
        shelf(
            "Business & Learning",
            "Northgate|Lantern Press",
            kind(
                "business",
                "{title}",
                14,
                27,
                "Short chapters, no jargon, things to do on Monday. {brand}.",
                most=14,
                title="Fewer Meetings|The Calm Company|Numbers for Founders|Write It Down|The First "
                "Ninety Customers|"
                "Managing Without Magic|Design That Explains Itself",
            ),
            kind(
                "learning",
                "{title}",
                16,
                34,
                "With exercises, answers and an index worth the name. {brand}.",
                most=14,
                title="Python by Building|Everyday Statistics|Spanish in Small Steps|Drawing for Beginners|"
                "The Home Electrician|A Field Guide to Clouds|Chess Openings Explained",
            ),
        ),
        seasons={7: 1.1, 11: 1.2, 12: 1.5},
    ),
)
