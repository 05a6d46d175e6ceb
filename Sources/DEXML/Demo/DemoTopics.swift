/// A subject of the demo data set: the name that labels use, and the things that documents speak of instead.
struct DemoTopic {
  let name: String
  let things: [String]

  init(_ name: String, _ things: String) {
    self.name = name
    self.things = things.split(separator: " ").map(String.init)
  }

  /// The topics; things are nouns that "the" can stand before, and none is shared by two topics.
  static let all: [DemoTopic] = [
    DemoTopic(
      "bread baking", "loaf dough sourdough crust oven yeast starter baguette flour rye brioche crumb bakehouse bagel focaccia ciabatta"),
    DemoTopic(
      "bicycle repair", "wheel chain derailleur saddle handlebar pedal spoke crankset brake tyre sprocket headset cassette tandem fork rim"),
    DemoTopic(
      "vegetable gardening",
      "tomato carrot compost seedling lettuce onion pumpkin allotment greenhouse courgette beetroot mulch radish spinach trellis leek"),
    DemoTopic("home brewing", "ale lager hops malt barley wort keg stout cider fermenter pilsner mash porter airlock grist carboy"),
    DemoTopic(
      "landscape photography",
      "camera lens tripod exposure aperture panorama shutter filter viewfinder sunrise negative histogram darkroom print skyline horizon"),
    DemoTopic(
      "acoustic guitar",
      "chord fretboard melody strum riff ballad capo plectrum tuning soundhole arpeggio banjo ukulele luthier bridge string"),
    DemoTopic(
      "chess",
      "pawn bishop knight rook queen gambit opening endgame checkmate castling grandmaster sacrifice blunder fianchetto stalemate chessboard"
    ),
    DemoTopic("bee keeping", "hive honey swarm honeycomb nectar pollen drone colony apiary smoker beeswax brood larva mead clover blossom"),
    DemoTopic("sailing", "yacht mast rudder keel anchor jib spinnaker dinghy hull harbour regatta tiller catamaran mainsail buoy helm"),
    DemoTopic(
      "rock climbing", "cliff harness carabiner belay boulder ledge crag overhang chalk piton summit handhold abseil slab granite quickdraw"
    ),
    DemoTopic("knitting", "yarn wool scarf sweater stitch needle mitten cardigan skein sock crochet cuff purl shawl mohair pullover"),
    DemoTopic("pottery", "clay kiln glaze vase teapot bowl porcelain stoneware slip mug terracotta earthenware raku jug celadon urn"),
    DemoTopic(
      "woodworking", "plank chisel dovetail lathe oak plywood sawdust veneer mortise tenon workbench walnut varnish joinery cabinet rasp"),
    DemoTopic(
      "bird watching", "heron robin warbler falcon owl finch plumage nest migration kingfisher sparrow marsh hide thrush goshawk curlew"),
    DemoTopic(
      "amateur astronomy",
      "telescope planet nebula comet galaxy eclipse meteor eyepiece constellation saturn jupiter supernova observatory refractor moon pulsar"
    ),
    DemoTopic(
      "aquarium fish", "goldfish tank guppy coral algae gravel catfish tetra reef aerator cichlid snail shrimp driftwood angelfish pondweed"
    ),
    DemoTopic(
      "dog training", "puppy leash spaniel terrier collar kennel retriever collie whistle hound poodle beagle clicker bark paw muzzle"),
    DemoTopic(
      "marathon running",
      "runner pace sprint kilometre sneaker racecourse stride jog finish hamstring calf treadmill ultramarathon mile sweatband stopwatch"),
    DemoTopic(
      "yoga", "mat posture breath meditation asana lotus mantra balance handstand cobra pranayama ashram vinyasa savasana sutra headstand"),
    DemoTopic(
      "watercolour painting",
      "brush pigment easel canvas palette wash sketch hue ochre ultramarine gouache watermark portrait mural studio crimson"),
    DemoTopic(
      "coffee roasting",
      "espresso bean arabica latte grinder cappuccino robusta roast crema barista mocha decaf percolator filtercone aroma macchiato"),
    DemoTopic(
      "cheese making", "curd cheddar rennet whey brie camembert goat gouda rind creamery ricotta mozzarella dairy feta paneer stilton"),
    DemoTopic(
      "model railways",
      "locomotive track carriage tunnel signal diorama platform wagon turnout gauge boxcar junction freight tender caboose viaduct"),
    DemoTopic(
      "winter camping",
      "tent campfire sleepingbag rucksack stove snow shelter lantern hammock tarpaulin blizzard igloo parka snowshoe thermos frost"),
    DemoTopic(
      "mushroom foraging",
      "chanterelle truffle morel porcini toadstool fungus spore forest moss basket undergrowth puffball mycelium birch boletus agaric"),
  ]
}
