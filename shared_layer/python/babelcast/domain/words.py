"""Words that make session ids: friendly, easy to spell aloud, none that sound alike in a hall.

Every word has 3 to 12 letters and one spelling in all Englishes, and differs from each other one of its list by more
than a letter, so that a slip of the finger leads to no other room. There is no word for a person in them, nor for
a body.
"""

from typing import Final

ADJECTIVES: Final = tuple(
    """able active adept agile airy alert amber amiable ample ancient arctic artful avid aware azure balanced balmy
    basic beaming beloved blissful bold boundless brave breezy bright brilliant brisk broad bubbly buoyant busy calm
    candid capable careful casual celestial central certain charming chatty cheerful cheery chosen civic classic
    clever coastal comfy compact complete composed constant content cordial correct cosmic creative crimson crisp
    cultured curious curly dapper dazzling decent decisive definite delicate delighted devoted digital diligent
    direct distant dreamy durable dynamic eager early earnest earthy eastern elastic elegant eminent enchanted
    endless enduring engaging enormous epic equal essential eternal ethical exact excellent expert fabulous faithful
    familiar famous fancy fantastic fearless festive fine fitting flexible floral fluent fluffy forward fragrant
    frank free fresh friendly frosty fruitful future gallant generous genial gentle genuine giant gifted glad
    gleaming glorious glossy golden good gracious grand grateful green groovy happy healthy hearty helpful heroic
    honest hopeful huge humble ideal immense inner inspired inventive jaunty jolly joyful jubilant judicious keen
    kind lasting laughing lavish leading level likable little lively lofty logical lucid lucky luminous lunar
    lyrical magic magnetic majestic marine massive mellow melodic memorable mighty mild mindful minty modern modest
    musical mutual mystic natural nautical nearby neat nifty nimble noble northern notable novel oceanic official
    open optimal orange orderly organic original ornate outdoor outgoing pastel patient peaceful perfect placid
    playful pleasant poetic poised polished polite popular portable positive precious precise premium pretty prime
    pristine profound prompt proper proud prudent punctual quaint quick quiet radiant rapid rare rational ready
    refined regal regular relaxed reliable renewed resilient resolute rich robust rosy royal rural rustic safe satin
    scenic seaside secure select sensible serene shaded sharp shiny silent silver simple sincere skilled sleek
    sleepy smart smooth snowy snug sociable soft solar solid soothing sound sparkling special spirited splendid
    spotless spry stable stately steady stellar strong sturdy stylish sublime subtle summery sunny superb supreme
    swift talented tall tangible tasteful thankful thriving tidy timeless tranquil tropical true trusty truthful
    turquoise twinkling ultimate unique united universal upbeat upright urban useful valiant valid valued vast
    verdant versatile vibrant victorious vigilant vintage vital vivid wandering warm welcome western whimsical
    willing windy winged winning wise witty wooden worldly worthy zealous zesty zippy""".split()
)

NOUNS: Final = tuple(
    """abacus acacia acorn airport alcove almond alpaca anchor antelope antler apple apricot aquarium arcade archway
    armchair arrow artichoke aspen atlas atrium aurora autumn avenue avocado backpack badger bagel balcony ballad
    balloon bamboo banjo banner barley barn basil basket bassoon beacon bell bicycle birch biscuit bison blanket
    bloom blossom bobcat bonfire bonus bookcase bracelet bramble breeze bridge brook bucket buffalo bugle bunting
    butter button cabin cactus calendar camel camera campfire canal canary candle canoe canyon caramel caravan
    caribou carnival carpet cascade castle cavern cedar celery cello chalet chariot chestnut chimney chipmunk chorus
    cinema cinnamon circle citrus clarinet cliff clock cloud clover coast cobalt comet compass concert condor cookie
    copper coral cosmos cottage cotton cricket crocus crown cupboard cupcake curtain cushion cypress daffodil dahlia
    dandelion dawn delta diamond dolphin domino dragon dragonfly drum dune eagle easel echo eclipse elk ember
    emerald engine estuary evening falcon feather fern festival field filament finch firefly fjord flame flamingo
    flannel flute forest fortress fossil fountain fox freesia frost galaxy garden garnet gazebo gazelle ginger
    giraffe glacier glade goldfish gondola gopher gorge granite grape grotto grove guitar gull hammock hamster
    harmony harp harvest hawk headland heath hedgehog helmet heron hickory hill hillside honeybee hope horizon house
    ibex iceberg igloo iguana impala indigo inlet iris island ivory jacket jaguar jasper jigsaw journey jungle
    juniper kangaroo kayak kestrel kettle kingdom kitchen kite kitten kiwi koala ladder ladybug lagoon lake lamp
    landmark lantern laurel lavender leaf ledge lemon lemur leopard lettuce library lighthouse lilac lime linden
    lion lizard lobster lotus macaw magnet magnolia magpie mallard mammoth mandolin mangrove maple marble marigold
    market marmot marsh meadow meerkat melody mesa meteor milestone mimosa mirror monsoon moon moonbeam mosaic moss
    mulberry museum mustard narwhal nebula necklace nectar needle nest nightfall notebook nugget nutmeg oak oasis
    oatmeal obelisk ocean octave octopus olive onyx opal orbit orchard orchid oregano osprey ostrich otter paddle
    pagoda paintbrush palace palm pancake panda paprika parade parasol park parrot parsley parsnip pasture pavilion
    pebble pelican pencil penguin peony petunia pheasant piano picnic pigeon pine pineapple pinecone planet plateau
    platinum plaza plume polka popcorn poplar poppy porcelain postcard potato prairie prism promenade puffin pumpkin
    puzzle pyramid quail quarry quilt rabbit radio radish rainbow raindrop ranch raven ravine reindeer ribbon ripple
    river rocket rooftop rosemary ruby runway saffron sailboat salmon sandal sandcastle sapling satellite scarf
    scooter seagull seahorse seashell shadow shamrock shelter shore sierra signal sky skylark skyline snowdrop
    snowflake sonata songbird sparrow spire spring spruce stadium star starfish starling station statue steeple
    stone stream summit sundial sunflower sunlight sunrise sunset swan sycamore symphony tablet tapestry teapot
    telescope terrace thicket thimble thistle thunder tiger timber toffee tomato topaz torch tortoise toucan tower
    tractor treasure treetop trellis triangle trombone trout truffle trumpet tulip tundra tunic tunnel turnip turtle
    twilight umbrella unicorn valley vanilla velvet veranda viaduct village vineyard viola violin volcano voyage
    waffle wagon walnut walrus waterfall wheat wheel willow windmill window winter wombat woodland workshop wren
    zebra zephyr""".split()
)
