"""Words that make session ids: short, friendly, easy to spell aloud, none that sound alike in a hall."""

from typing import Final

ADJECTIVES: Final = tuple(
    """able amber ample azure bold brave bright brisk broad calm candid cheery civic clear clever cosy
    crisp daring deep eager early easy epic fair famous fancy fine firm fluent fond frank free fresh
    gentle giant glad golden good grand great green happy hardy hearty honest humble jolly joyful
    keen kind large lasting lively loyal lucky lush mellow merry mighty mild modern modest neat new
    noble open patient peaceful plain pleasant polite prime proud pure quick quiet rapid ready rich
    robust rosy round royal safe serene sharp shiny silent silver simple smart smooth snowy soft
    solid sound spry steady still strong sturdy subtle sunny super sure sweet swift tall tender tidy
    true trusty united upbeat urban useful vast vivid warm wide wise witty young zesty""".split()
)

NOUNS: Final = tuple(
    """acorn anchor apple arch aspen autumn badge basil beacon bell birch bloom bonus bridge brook cabin
    canal candle canvas canyon cedar cello cherry circle citrus cliff cloud clover coast comet
    copper coral cotton creek crystal daisy dawn delta desert dolphin dove eagle echo ember falcon
    fern field finch fjord flame forest fountain galaxy garden garnet glacier glade grove guitar
    harbor harvest hazel heron hill hope island ivory jasmine jewel journey jungle kite lagoon lake
    lantern laurel leaf lemon lilac lily lotus maple marble meadow melody mesa meteor mint mirror
    mosaic mountain nectar oasis ocean olive onyx opal orbit orchard otter palm panda pearl pebble
    pepper piano pine planet plaza pond poplar prairie puffin quartz rain raven reef river robin
    rocket rose saffron sail salmon sierra sky sparrow spring spruce star stone stream summit
    sunrise swan thunder tiger timber topaz tower trail tulip valley velvet violet wave willow
    winter zephyr""".split()
)
