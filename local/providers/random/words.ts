const words = (text: string): string[] => text.trim().split(/\s+/);

/** Words for RandomPet. */
export const ADJECTIVES = words(`
  amber ample ancient autumn azure bold brave breezy bright brisk calm candid cheerful clear clever copper cosy crimson crisp curious
  daring dawn deep dusty eager early easy emerald fair fleet fond frosty gentle glad golden grand happy hidden honest humble icy
  ivory jade jolly keen kind late lively lofty lucky lunar mellow merry mild misty modest mossy neat nimble noble northern olive open
  patient plain polite proud quick quiet rapid ruby rustic sandy scarlet serene sharp silent silver simple smooth snowy solar spry
  steady still stormy sunny swift tall tender tidy tiny vivid warm wild windy wise witty young
`);
export const ADVERBS = words(`
  ably amply aptly boldly bravely briskly brightly calmly clearly daily deeply eagerly easily evenly fairly finely firmly fondly freely
  freshly gently gladly grandly happily highly justly keenly kindly largely lately lightly loudly mildly mostly nearly neatly nimbly
  nobly openly partly plainly politely proudly quickly quietly rarely readily richly safely sharply shortly simply smoothly softly
  soundly steadily surely swiftly tenderly tidily truly vastly warmly wholly widely wisely
`);
export const NAMES = words(`
  acorn alder anchor aspen atlas barley beacon birch bramble bridge brook canyon castle cedar clover comet compass coral cove creek
  crane delta dune eagle ember falcon fern field finch fjord forest fox garden glacier grove harbour hare hawk hazel heron hill
  island ivy juniper kestrel lagoon lake lantern lark laurel maple marsh meadow mesa moon moor mountain oak ocean orchard otter owl
  oyster path peak pebble pine planet plover pond poplar prairie quarry rain raven reef ridge river robin rowan sail sparrow
  spring spruce star stone stream summit swan thistle tide valley violet wagon walnut wave willow wren yew
`);
