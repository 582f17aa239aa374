"""Finds the shelf of a product by the words of its description.

The data has no categories. Each entry lists words; the first with a word of the description takes the
product, so the order runs from the most specific words (an occasion) over the thing itself to what is often
only an ornament (a heart, a bird, a flower). A shelf may have two entries: one of clear matches, and one that
catches the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple


class ShelfTerms(NamedTuple):
    """A category of the imported catalogue, and the terms that lead to it; "_" joins the words of one
    term.
    """

    name: str
    terms: str


OTHER: Final = "More Gifts"

SHELVES: Final = (
    ShelfTerms("Gift Vouchers", "voucher"),
    ShelfTerms(
        "Christmas",
        "christmas xmas santa advent bauble reindeer nativity snowman snowmen snowflake jingle_bell noel "
        "mistletoe stocking wise_men rudolph elf holly",
    ),
    ShelfTerms("Easter", "easter bunny_egg hen_egg chick egg_warmer painted_egg"),
    ShelfTerms("Signs & Wall Art", "number_tile door_sign doorsign metal_sign wall_art memo_board memoboard"),
    ShelfTerms("Cushions & Textiles", "cushion cushion_cover doormat door_mat doorstop door_stop"),
    ShelfTerms(
        "Furniture & Hardware", "knob drawer_knob drawerknob door_knob doorknob stool bookend doorbell"
    ),
    ShelfTerms(
        "Jewellery",
        "necklace neckl earring bracelet bangle brooch pendant diamante ring_set rings cufflink anklet "
        "charm jewel_pin boudicca_ring braclet bubblegum_ring crystal_ring rosebud_ring glass_ring ear_ring "
        "bead_ring pearl_ring lariat choker bead_charm phone_charm hoop_ear beaded_ring flower_ring murano",
    ),
    ShelfTerms(
        "Hair & Fashion Accessories",
        "hair scarf scarves glove poncho sunglasses slipper sock hat cap hairband headband legwarmer belt "
        "shawl key_ring keyring key_fob hairclip ear_muff sombrero grass_skirt rain_mac bib badge sarong "
        "apron flip_flop bow_tie tiara alice_band rain_hat mitten pashmina raincoat",
    ),
    ShelfTerms(
        "Bags & Purses",
        "bag shopper purse handbag tote wallet backpack rucksack suitcase luggage satchel washbag holdall "
        "washbags passport make_up cosmetic clutch basket_bag shoulder_strap trunk vanity",
    ),
    ShelfTerms(
        "Cards & Gift Wrap",
        "gift_wrap wrap greeting_card card gift_tag tag gift_tape ribbon tissue_paper gift_box envelope "
        "gift_bag sticky_label invite invitation bow wrapping postcard wrapper",
    ),
    ShelfTerms(
        "Candles & Home Fragrance",
        "candle t_light tea_light tealight incense candlestick candleholder candelabra oil_burner oil "
        "scented_block diffuser potpourri pot_pourri votive lantern candlepot night_light t_lights "
        "nightlight joss camphor sachet candlabra fragrance fragrant hurricane scented camdle",
    ),
    ShelfTerms(
        "Lighting",
        "light lamp lampshade lights chandelier fairy_light torch led lightbulb candle_lamp light_bulb "
        "light_garland glow lite shade",
    ),
    ShelfTerms(
        "Party",
        "party bunting balloon paper_chain confetti streamer garland cake_candle party_bag straw birthday "
        "honeycomb paper_plate paper_cup paper_fan pinata wedding disco tissue_ball pompom piñata "
        "feather_boa",
    ),
    ShelfTerms(
        "Bath & Beauty",
        "bath bathroom soap towel bubble_bath flannel toothbrush toilet manicure nail lip_balm "
        "lip_gloss shower sponge tissue tissues hand_warmer handwarmer hot_water hottie hot_water_bottle "
        "perfume massage eye_mask compact pocket_mirror mirror_compact plaster plasters body bottle_bath "
        "balm hand_cream talc facial spa relax tweezers emery cotton_wool wash loofah dressing_gown lip "
        "comb",
    ),
    ShelfTerms(
        "Baking & Cooking",
        "baking bake cake cupcake cookie biscuit_cutter cutter pan mould jelly_mould whisk rolling_pin oven "
        "measuring scale timer recipe jam jam_making spatula tea_towel frying pie pudding mixing colander "
        "ladle grater chopping sieve peeler ice_cream_scoop kitchen cooking cook pestle casserole roasting "
        "masher ramekin dough muffin pastry squeezer matches lolly_maker lolly washing_up washing_up_glove "
        "washing_up_brush scrubbing_brush",
    ),
    ShelfTerms(
        "Tea & Tableware",
        "mug cup saucer teapot plate bowl jug glass_jug tumbler wine glass_bottle beaker cutlery spoon fork "
        "knife tray coaster placemat place_setting napkin tablecloth table_cloth doily doilies dinner_set "
        "tea tea_set coffee cafetiere dish egg_cup salt pepper milk sugar toast cosy cake_stand cakestand "
        "platter glasses goblet champagne decanter carafe ice_bucket table_runner table_mat bottle_stopper "
        "cruet eggcup chopstick food_cover cocktail shot_glass jampot butter tablemat breakfast picnic beer "
        "ice_cube water_glass",
    ),
    ShelfTerms(
        "Toys & Games",
        "toy game doll puppet puzzle jigsaw skipping dominoes domino skittle marble spinning_top "
        "playing_card snakes ladders chess yo_yo kite spinning whistle harmonica magic bingo solitaire "
        "teddy soft_toy robot soldier helicopter aeroplane plane_kit train_set bubble water_pistol catapult "
        "jack_in_the_box spinner ludo ball finger_puppet playhouse dolls_house bank money_box moneybox "
        "moneybank money_bank rocking_horse animals racing racer jumping puppets croquet rounders cricket "
        "boomerang space_hopper matrioska matryoshka slinky noughts crosses trumpet recorder tambourine "
        "xylophone quoits balancing maracas drum squeaky piggy rubber_duck bouncy windmill inflatable globe "
        "paddling snake dinosaur playtime glider creepy_crawlie crawlie crawly monster space_cadet "
        "modelling_clay flying_disc baby_gift",
    ),
    ShelfTerms(
        "Stationery",
        "notebook pen pencil sketchbook notepad eraser rubber ruler sticker sticky sharpener book journal "
        "diary calendar paper letter_set writing_set stationery folder memo notelet chalk blackboard "
        "chalkboard crayon rubber_stamp stamp stamper file clipboard address_book marker colouring drawing "
        "organiser address jotter album scrapbook office desk paper_clip paperclip passport_cover pad "
        "memoboard notice noticeboard decal calculator tape paperweight letter_holder glue bookmark",
    ),
    ShelfTerms(
        "Sewing & Crafts",
        "sewing knitting craft embroidery button fabric felt feltcraft crochet wool patch patches thread "
        "paint decoupage cross_stitch scissor bead beads needle pin_cushion pompon tapestry thimble knitted "
        "iron_on kit balsa model ceramic_paint transfers filler sequin origami",
    ),
    ShelfTerms(
        "Garden & Outdoors",
        "garden plant planter flower_pot pot watering trellis herb seed grow bird_house "
        "birdhouse bird_bath bird_feeder bird_table birdtable bird_box feeder parasol deck_chair deckchair "
        "beach bbq wind_chime windchime mobile umbrella plant_pot gardener gardening trowel potting shed "
        "camping folding_chair fly_swat thermometer lawn hammock fishing bicycle bike puncture insect "
        "secateurs dibber twine raffia hanging_basket gumboot sundial weather terracotta tool multi_tool "
        "screwdriver",
    ),
    ShelfTerms("Clocks & Mirrors", "clock mirror watch alarm"),
    ShelfTerms(
        "Storage & Organising",
        "box storage tin tins jar basket drawer hook hanger rack cabinet shelf shelves chest crate trinket "
        "trunk holder trinket_pot jewellery_box memo_holder peg coat_rack magazine_rack organizer container "
        "bin keepsake treasure caddy canister "
        "bottle tidy hamper laundry stand coat_hanger bucket wardrobe bread_bin pail can kettle case cases "
        "cube key_box first_aid tub toastrack fruitbowl basin cupboard umbrella_stand",
    ),
    ShelfTerms(
        "Cushions & Textiles",
        "cushion throw blanket quilt rug curtain pillow bedspread mat doormat door_mat tea_cosy bean_bag "
        "draught draft doorstop door_stop cover eiderdown fleece voile tablecloth pouffe tassel tassle "
        "drape bed_cover lace sheepskin coverlet tieback tie_back",
    ),
    ShelfTerms(
        "Signs & Wall Art",
        "sign wall wall_art picture frame photo print poster plaque canvas letter number letters tile "
        "door_sign home_sweet word alphabet doorsign fridge_magnet magnet magnets painting photoframe map "
        "hanging_frame collage initial message block_word",
    ),
    ShelfTerms(
        "Furniture & Hardware",
        "chair bar_stool side_table round_table table_rect door_handle bench screen handle door_bell ladder "
        "furniture step lock key key_chain keychain cornice bookshelf hinge sideboard telephone radio fan "
        "boombox headphone",
    ),
    ShelfTerms(
        "Ornaments & Decorations",
        "decoration ornament heart star bird butterfly butterflies flower wreath angel fairy tree vase "
        "figurine figure feather rose cherub dove owl hen cat dog elephant rabbit bunny bunnies frog statue "
        "buddha skull shell glitter artificial dried hanging decorative pebble stone crystal filigree daisy "
        "lily tulip orchid bouquet posy stem leaf leaves spray branch blossom peacock robin goose swan "
        "mushroom toadstool pear apple egg ornate mosaic sculpture ceramic porcelain zinc glass wooden "
        "metal wicker pom_pom flag poppy bell clip deco icicle gnome duck ducks tinsel rosette pennant "
        "table_run sunflower spoke peony lavender trophy fruit dragonfly ladybird bear horse cow",
    ),
)


_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_PLURALS: Final = (
    *(("ies", "y"), ("ves", "f"), ("xes", "x")),
    *(("ches", "ch"), ("shes", "sh"), ("sses", "ss")),
)


class Shelves:
    """Shelves in the order in which they take products, by the words of texts."""

    def __init__(self, shelves: Sequence[ShelfTerms], *, max_words: int = 4) -> None:
        """`max_words` is how many words a term has at most."""
        self._names = [shelf.name for shelf in shelves]
        self._max_words = max_words
        self._ranks: dict[str, int] = {}
        for rank, shelf in enumerate(shelves):
            for term in shelf.terms.split():
                self._ranks.setdefault("".join(_singular(word) for word in term.split("_")), rank)

    def first(self, text: str) -> str | None:
        """The name of the first shelf that a term of `text` leads to; None where no term does.

        A longer term hides the words inside it: a tea towel is no towel and no tea.
        """
        words = [_singular(word) for word in _WORD.findall(text.casefold())]
        hidden: set[int] = set()
        best = len(self._names)
        for length in range(min(self._max_words, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                positions = range(start, start + length)
                rank = self._ranks.get("".join(words[start : start + length]))
                if rank is not None and hidden.isdisjoint(positions):
                    hidden.update(positions)
                    best = min(best, rank)
        return self._names[best] if best < len(self._names) else None


@cache
def _gift_shelves() -> Shelves:
    return Shelves(SHELVES)


def shelf_of(description: str) -> str:
    """The name of the shelf for a product with this description; `OTHER` when no word matches."""
    return _gift_shelves().first(description) or OTHER


def _singular(word: str) -> str:
    """`word` without the ending of a plural or a possessive; good enough to compare with another."""
    word = word.removesuffix("'s")
    for plural, single in _PLURALS:
        if word.endswith(plural) and len(word) > len(plural) + 1:
            return word.removesuffix(plural) + single
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 2 else word
