"""Food & Drink, Pets."""

from __future__ import annotations

from typing import Final

from server.demo.shelves.shelf import department, kind, shelf

FOOD: Final = (
    department(
        "Food & Drink",
        "Best-before date at least three months from delivery.",
        shelf(
            "Coffee",
            "Harbour Lane|Old Mill Roasters|Two Rivers",
            kind("beans", "{brand} {origin} Whole Bean Coffee, {size}", 13, 19, "Single-origin beans from {origin}, "
                 "roasted twice a week and packed within the hour.", again=21, most=16, size="12 oz|2 lb*2.3",
                 origin="Ethiopia Yirgacheffe|Colombia Huila|Guatemala Antigua|Sumatra Mandheling|Kenya AA*1.15"),
            kind("espresso", "{brand} {blend} Espresso Blend, 12 oz", 13, 18, "A blend for milk drinks: cocoa, caramel, "
                 "low acidity.", again=21, blend="Nightshift|Velvet|Decaf Midnight|House"),
            kind("filters", "{brand} {type}", 5, 11, "Oxygen-bleached paper that adds no taste.", again=45,
                 type="Paper Coffee Filters, No. 2, 100 Pack|Paper Coffee Filters, No. 4, 100 Pack|"
                 "Cone Filters for Pour-Over, 100 Pack"),
            kind("cold-brew", "{brand} Cold Brew Concentrate, {taste}, 32 oz", 11, 16, "Steeped for eighteen hours; one "
                 "part coffee, two parts water.", again=18, taste="Original|Vanilla|Mocha"),
        ),
        shelf(
            "Tea",
            "Lotus & Vine|Two Rivers",
            kind("loose-tea", "{brand} Loose Leaf {tea}, 4 oz", 9, 17, "Whole leaves of {tea}, enough for fifty cups.",
                 again=35, tea="Earl Grey|Sencha Green|Jasmine Pearl|Darjeeling|Assam Breakfast|Oolong", most=12),
            kind("tea-bags", "{brand} {tea} Tea, 20 Sachets", 5, 9, "Plastic-free sachets with room for the leaf to "
                 "open.", again=25, tea="Peppermint|Chamomile|Ginger Lemon|Rooibos|English Breakfast", most=10),
            kind("matcha", "{brand} {grade} Matcha, 1 oz", 15, 29, "Shade-grown in Uji and stone-milled.", again=30,
                 grade="Ceremonial|Culinary*.6"),
            kind("honey", "{brand} {type} Honey, 12 oz", 8, 15, "Raw and unfiltered, from small apiaries.", again=45,
                 type="Wildflower|Clover|Orange Blossom|Buckwheat", most=7),
        ),
        shelf(
            "Pantry",
            "Casa Bellini|Good Furrow|Sunny Acre",
            kind("pasta", "{brand} {shape}, 16 oz", 2.5, 5, "Bronze-cut durum semolina, dried slowly.", again=16,
                 shape="Spaghetti|Rigatoni|Fusilli|Orecchiette|Whole Wheat Penne|Linguine", most=15),
            kind("pasta-sauce", "{brand} {taste} Pasta Sauce, 24 oz", 5, 9, "Vine-ripened tomatoes, olive oil, nothing "
                 "you could not name.", again=18, taste="Tomato Basil|Arrabbiata|Roasted Garlic|Vodka|Marinara", most=12),
            kind("olive-oil", "{brand} {type} Olive Oil, 500 ml", 11, 24, "Cold-pressed within a day of harvest.", again=42,
                 type="Extra Virgin|Robust Extra Virgin|Lemon-Infused|Everyday*.7"),
            kind("rice", "{brand} {grain}, {size}", 4, 8, "Cleaned, sorted and ready to rinse.", again=30,
                 grain="Basmati Rice|Jasmine Rice|Arborio Rice|Tricolor Quinoa*1.4|Red Lentils|Black Beans",
                 size="2 lb|5 lb*2.1", most=13),
            kind("flour", "{brand} {type}, 5 lb", 5, 10, "Stone-milled from wheat of known farms.", again=35,
                 type="All-Purpose Flour|Bread Flour|Whole Wheat Flour|Rye Flour", most=8),
            kind("spice", "{brand} {spice}, 2 oz", 4, 8, "Ground to order from whole spice.", again=70, most=14,
                 spice="Smoked Paprika|Ground Cumin|Ceylon Cinnamon|Turmeric|Black Peppercorns|Chili Flakes|Oregano"),
        ),
        shelf(
            "Snacks & Breakfast",
            "Good Furrow|Trailhead|Sunny Acre",
            kind("granola", "{brand} {taste} Granola, 12 oz", 6, 10, "Baked in small trays with whole oats.", again=17,
                 taste="Maple Pecan|Honey Almond|Dark Chocolate|Coconut Cashew", most=10),
            kind("bars", "{brand} {taste} Bars, 12 Pack", 14, 22, "Nuts and fruit pressed together, no syrup.", again=20,
                 taste="Peanut Butter|Dark Chocolate Sea Salt|Blueberry Almond|Apple Cinnamon", most=10),
            kind("chocolate", "{brand} {type} Chocolate Bar, 3 oz", 3, 6, "Stone-ground cacao bought straight from the "
                 "growers.", again=14, type="70% Dark|Milk|Almond Sea Salt|Orange Dark|85% Dark", most=11),
            kind("nuts", "{brand} {nut}, 1 lb", 9, 17, "Dry-roasted in small batches.", again=28,
                 nut="Roasted Almonds|Salted Cashews|Pistachios|Trail Mix|Raw Walnuts", most=10),
            kind("chips", "{brand} {type}, 8 oz", 3, 6, "Kettle-cooked, lightly salted.", again=12, most=9,
                 type="Sea Salt Potato Chips|Blue Corn Tortilla Chips|Plantain Chips|Rosemary Crackers"),
            kind("salsa", "{brand} {type}, 16 oz", 4, 8, "Fire-roasted peppers and tomatoes.", again=14,
                 type="Mild Salsa|Hot Salsa Verde|Guacamole Dip|Black Bean Dip", most=8),
        ),
        seasons={11: 1.1, 12: 1.2},
    ),
    department(
        "Pets",
        "Checked and approved by a veterinarian.",
        shelf(
            "Dogs",
            "Good Boy Co.|Barkwell|Tailside",
            kind("dog-food", "{brand} {recipe} Dry Dog Food, {size}", 24, 38, "Complete food for adult dogs; the first "
                 "ingredient is meat.", again=30, recipe="Chicken & Rice|Salmon & Sweet Potato|Lamb & Oats",
                 size="12 lb|24 lb*1.7", most=12),
            kind("dog-treats", "{brand} {type}, 12 oz", 7, 14, "Soft enough to break for training.", again=18,
                 type="Peanut Butter Biscuits|Beef Jerky Strips|Training Bites|Dental Sticks", most=9),
            kind("dog-toy", "{brand} {type}", 8, 19, "Tough enough for a determined chewer.",
                 type="Rope Tug|Rubber Chew Bone|Squeaky Duck|Treat Puzzle*1.5|Tennis Balls, 6 Pack", most=10),
            kind("leash", "{brand} {type}, {color}", 16, 36, "Padded and stitched with reflective thread.",
                 type="Dog Leash, 6 ft|No-Pull Harness*1.4|Adjustable Collar*.7", color="Red|Navy|Olive", most=9),
            kind("dog-bed", "{brand} {type}", 39, 85, "Orthopedic foam with a cover that goes in the wash.",
                 type="Orthopedic Dog Bed, Medium|Orthopedic Dog Bed, Large*1.4|Donut Dog Bed*.8", most=5),
        ),
        shelf(
            "Cats",
            "Whiskerly|Tailside",
            kind("cat-food", "{brand} {recipe} Cat Food, {type}", 18, 30, "Grain-free and rich in taurine.", again=24,
                 recipe="Chicken|Tuna|Turkey", type="24 Cans|7 lb Bag", most=9),
            kind("litter", "{brand} {type}", 14, 25, "Clumps at once, hardly any dust.", again=26,
                 type="Clumping Clay Litter, 20 lb|Pine Pellet Litter, 20 lb|Tofu Litter, 14 lb|Corn Litter, 17 lb", most=7),
            kind("cat-toy", "{brand} {type}", 5, 16, "Wakes the hunter in the laziest cat.",
                 type="Feather Wand|Catnip Mice, 3 Pack|Crinkle Tunnel*1.5|Spring Toys, 10 Pack|Laser Pointer", most=8),
            kind("scratcher", "{brand} {type}", 19, 65, "Sisal where it counts, heavy where it stands.",
                 type="Cardboard Scratcher Lounge*.7|Sisal Scratching Post|Cat Tree, 48 in*2.2|Window Perch", most=6),
        ),
    ),
)
