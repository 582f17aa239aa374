"""Beauty & Personal Care, Health & Wellness, Fashion."""

from __future__ import annotations

from typing import Final

from server.demo.shelves.shelf import department, kind, shelf

SELF_CARE: Final = (
    department(
        "Beauty & Personal Care",
        "Never tested on animals.",
        shelf(
            "Skin Care",
            "Saltmeadow|Petal & Bone|Clary",
            kind("cleanser", "{brand} {type}, 5 oz", 12, 24, "Lifts the day off without stripping the skin.", again=50,
                 type="Gentle Foaming Cleanser|Cream Cleanser|Salicylic Acid Cleanser|Micellar Water", most=9),
            kind("moisturizer", "{brand} {type}, 1.7 oz", 16, 36, "Ceramides and squalane that sink in and stay in.",
                 again=50, type="Daily Moisturizer|Night Cream|Oil-Free Gel Cream|Barrier Repair Balm", most=9),
            kind("sunscreen", "{brand} Mineral Sunscreen, SPF {spf}", 14, 26, "Zinc oxide, no white cast, safe for "
                 "reefs.", again=45, spf="30|50|50 Tinted*1.2", most=7),
            kind("serum", "{brand} {type} Serum, 1 oz", 19, 42, "A few drops, morning and evening.", again=55,
                 type="Vitamin C|Hyaluronic Acid|Niacinamide|Retinol*1.2", most=9),
        ),
        shelf(
            "Hair Care",
            "Clary|Riverbank",
            kind("shampoo", "{brand} {type} Shampoo, 12 oz", 9, 18, "Sulfate-free lather for {type} needs.", again=40,
                 type="Moisture|Volume|Clarifying|Color Care|Curl", most=9),
            kind("conditioner", "{brand} {type} Conditioner, 12 oz", 9, 18, "Detangles and leaves no weight.", again=40,
                 type="Moisture|Volume|Repair|Color Care|Curl", most=9),
            kind("styling", "{brand} {type}", 11, 22, "Holds without stiffness.", again=65,
                 type="Sea Salt Spray|Curl Cream|Matte Clay|Dry Shampoo|Argan Hair Oil", most=8),
            kind("hair-tool", "{brand} {type}", 12, 75, "Gentle on hair, steady in the hand.",
                 type="Ionic Hair Dryer|Ceramic Flat Iron|Boar Bristle Brush*.5|Wide-Tooth Comb*.25", most=6),
        ),
        shelf(
            "Bath & Shaving",
            "Riverbank|Saltmeadow|Bexley",
            kind("body-wash", "{brand} Body Wash, {scent}, 16 oz", 7, 14, "Plant oils instead of harsh detergents.",
                 again=30, scent="Eucalyptus Mint|Oat & Honey|Sandalwood|Grapefruit", most=9),
            kind("bar-soap", "{brand} Bar Soap, {scent}", 4, 8, "Cold-processed and cured for six weeks.", again=25,
                 scent="Charcoal|Lavender|Pine Tar|Goat Milk|Lemongrass", most=10),
            kind("razor", "{brand} {type}", 19, 45, "A close shave from a weighted handle.",
                 type="Safety Razor|Five-Blade Razor|Shaving Brush", most=5),
            kind("blades", "{brand} {type}", 9, 22, "Sharp for a week of mornings.", again=35,
                 type="Razor Blades, 20 Pack*.6|Razor Cartridges, 8 Pack", most=4),
            kind("shave-cream", "{brand} {type} Shaving Cream, 5 oz", 8, 16, "A dense lather that protects.", again=40,
                 type="Sandalwood|Unscented|Cooling Menthol", most=6),
        ),
    ),
    department(
        "Health & Wellness",
        "Tested by an independent laboratory.",
        shelf(
            "Vitamins",
            "Evergood|Nature's Desk",
            kind("vitamins", "{brand} {type}, {count}", 11, 22, "One a day, with a meal.", again=60,
                 type="Vitamin D3|Vitamin C|Magnesium Glycinate|Omega-3 Fish Oil*1.2|B-Complex|Zinc|Daily Multivitamin",
                 count="60 Count|120 Count*1.7", most=16),
            kind("probiotic", "{brand} {type}", 18, 34, "Live cultures that survive the way.", again=30,
                 type="Daily Probiotic, 30 Count|Fiber Gummies, 60 Count|Digestive Enzymes, 60 Count", most=5),
        ),
        shelf(
            "Sports Nutrition",
            "Ironbark|Evergood",
            kind("protein", "{brand} {type} Protein, {taste}, 2 lb", 27, 44, "Twenty-four grams of protein in a scoop, "
                 "no sugar added.", again=30, type="Whey|Plant", taste="Vanilla|Chocolate|Strawberry|Unflavored", most=12),
            kind("electrolytes", "{brand} Electrolyte Mix, {taste}, 30 Sticks", 18, 29, "Sodium, potassium and magnesium "
                 "for long days.", again=24, taste="Lemon Lime|Berry|Watermelon|Orange", most=8),
            kind("shaker", "{brand} {type}", 9, 24, "Does not leak, does not smell.",
                 type="Shaker Bottle, 24 oz|Steel Shaker Bottle, 26 oz*1.5|Pill Organizer*.8", most=5),
            kind("creatine", "{brand} {type}", 19, 34, "Pure, micronized, without taste.", again=45,
                 type="Creatine Monohydrate, 300 g|Pre-Workout, Fruit Punch|BCAA Powder, Lemon", most=6),
        ),
        shelf(
            "Personal Health",
            "Wellmark|Evergood",
            kind("first-aid", "{brand} {type}", 8, 29, "Ready when it has to be.", again=90,
                 type="First Aid Kit|Adhesive Bandages, 100 Count*.6|Digital Thermometer|Reusable Ice Pack", most=7),
            kind("sleep", "{brand} {type}", 9, 36, "For a quieter night.", again=75,
                 type="Contoured Sleep Mask|Earplugs, 50 Pairs|Melatonin Gummies, 60 Count|White Noise Machine*1.5", most=7),
            kind("toothbrush", "{brand} {type}", 6, 59, "Recommended by dentists who use it.", again=60,
                 type="Bamboo Toothbrushes, 4 Pack*.4|Electric Toothbrush|Whitening Toothpaste*.25|Mint Dental Floss*.25",
                 most=7),
        ),
        seasons={1: 1.4, 2: 1.1},
    ),
    department(
        "Fashion",
        "Wrong size? Exchange it for free within 60 days.",
        shelf(
            "Women's Clothing",
            "Juniper Row|Marlowe|Fairweather",
            kind("w-tee", "{brand} Women's Organic Cotton Tee, {color}", 18, 32, "Midweight cotton with a neckline that "
                 "keeps its shape.", color="White|Black|Dusty Rose|Sage|Navy", most=12),
            kind("w-knit", "{brand} Women's {type}, {color}", 48, 95, "Soft, warm and light enough to layer.",
                 type="Merino Sweater|Cardigan|Turtleneck", color="Oatmeal|Charcoal|Burgundy", most=12),
            kind("w-jeans", "{brand} Women's {cut} Jeans, {color}", 55, 90, "Comfort-stretch denim, high rise.",
                 cut="Straight|Wide-Leg|Slim", color="Indigo|Washed Black", most=10),
            kind("dress", "{brand} {type} Dress, {color}", 58, 110, "Falls to mid-calf and has pockets.",
                 type="Linen Wrap|Knit Midi|Shirt", color="Rust|Black|Blue Stripe", most=10),
        ),
        shelf(
            "Men's Clothing",
            "Marlowe|Hollis & Grey",
            kind("m-tee", "{brand} Men's Heavyweight Tee, {color}", 18, 32, "Cut straight from heavy cotton jersey.",
                 color="White|Black|Olive|Heather Gray|Navy", most=9),
            kind("m-shirt", "{brand} Men's {type} Shirt, {color}", 42, 75, "Easy to iron, easy to wear untucked.",
                 type="Oxford|Flannel|Linen", color="White|Light Blue|Forest Check", most=11),
            kind("m-pants", "{brand} Men's {type}, {color}", 52, 88, "Tapered legs and a little stretch.",
                 type="Chinos|Slim Jeans|Work Pants", color="Khaki|Navy|Black", most=11),
            kind("m-outer", "{brand} Men's {type}", 85, 160, "Keeps wind out and moves with you.",
                 type="Quilted Jacket|Waxed Coat|Fleece Vest*.6|Rain Shell", most=7),
        ),
        shelf(
            "Accessories",
            "Hollis & Grey|Juniper Row",
            kind("socks", "{brand} {type}", 12, 26, "Reinforced where socks give up.", again=80,
                 type="Merino Hiking Socks, 2 Pack|Cotton Crew Socks, 6 Pack|No-Show Socks, 5 Pack|Wool Boot Socks", most=8),
            kind("belt", "{brand} Full-Grain Leather {type}, {color}", 32, 65, "Vegetable-tanned leather that ages well.",
                 type="Belt|Bifold Wallet|Card Holder*.6", color="Tan|Black|Chestnut", most=10),
            kind("scarf", "{brand} {type}, {color}", 24, 58, "Warm without bulk.", type="Wool Scarf|Ribbed Beanie*.6",
                 color="Camel|Charcoal|Forest|Red Plaid", most=9),
            kind("bag", "{brand} {type}", 38, 95, "Carries a day and looks after itself.",
                 type="Canvas Tote*.6|Leather Crossbody|Weekender|Roll-Top Backpack", most=8),
        ),
        seasons={10: 1.15, 11: 1.25, 12: 1.35},
    ),
)
