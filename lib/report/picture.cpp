#include "report/picture.hpp"

#include "base/markup.hpp"
#include "report/picture_marks.hpp"

namespace rpixen {

std::string_view picture_style() {
    return R"css(  .paper { fill: #ffffff } .ink { fill: #1f2328 } .quiet { fill: #59636e } .line { stroke: #8c959f; fill: none }
  .free { fill: #f3f5f7; stroke: #8c959f } .reserved { fill: #d5dae0; stroke: #8c959f }
  .xen { fill: #8250df } .kernel { fill: #0969da } .initrd { fill: #1b7c83 } .xsm { fill: #9a6700 } .tree { fill: #1a7f37 }
  .scratch { fill: #6fa83c } .guest { fill: #bf3989 } .other { fill: #6e7781 } .boot { fill: #0969da } .root { fill: #1a7f37 } .table { fill: #6e7781 }
  .unused { fill: #ffffff; opacity: .55 } .hatch { stroke: #bc4c00 } .window { stroke: #bc4c00; fill: url(#hatch) }
  .red { fill: #cf222e } .clash { fill: #cf222e; stroke: #82071e; stroke-width: 2 } .gap { fill: #ffffff }
  text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; font-size: 14px }
  .title { font-size: 21px; font-weight: 600 } .head { font-size: 15px; font-weight: 600 } .name { font-weight: 600 }
  .number { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 12px } .small { font-size: 12px }
  .moved { fill: #bc4c00; font-weight: 400 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .quiet { fill: #9198a1 } .line { stroke: #656c76 }
    .free { fill: #161b22; stroke: #656c76 } .reserved { fill: #3d444d; stroke: #656c76 }
    .xen { fill: #a371f7 } .kernel { fill: #4493f8 } .initrd { fill: #39c5cf } .xsm { fill: #d29922 } .tree { fill: #3fb950 }
    .scratch { fill: #a2cf6e } .guest { fill: #f778ba } .other { fill: #9198a1 } .boot { fill: #4493f8 } .root { fill: #3fb950 } .table { fill: #9198a1 }
    .unused { fill: #0d1117 } .hatch { stroke: #db6d28 } .window { stroke: #db6d28 } .red { fill: #ff7b72 } .moved { fill: #db6d28 }
    .clash { fill: #f85149; stroke: #ffdcd7 } .gap { fill: #0d1117 }
  }
)css";
}

std::string_view picture_definitions() {
    return "<defs><pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
           "patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 0V7\" "
           "stroke-width=\"2.6\"/></pattern></defs>\n";
}

std::string svg_of(const Drawing& drawing, const PictureForm& form, std::string_view name) {
    const std::string height = number(drawing.height);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" viewBox=\"0 0 " + number(form.width) + " " +
           height + "\" width=\"" + number(form.width) + "\" height=\"" + height + "\" role=\"img\" aria-label=\"" +
           escape_markup(name) + "\">\n" + drawing.elements + "</svg>\n";
}

}  // namespace rpixen
