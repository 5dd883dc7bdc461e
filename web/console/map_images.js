// Icons of the map, drawn from the project's own outlines in the colours of the theme.
import { PATHS, SHAPES } from "../icons.js";
import { token } from "./theme.js";

const SIZE = 26;
const RATIO = 2;
const CHIPS = ["camera", "person", "vehicle", "device", "collar", "mast", "patrol"];
const SEEN = ["fire", "snare", "ear", "vehicle", "person", "paw"];

function draw(paint) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  const pen = canvas.getContext("2d");
  pen.scale(RATIO, RATIO);
  pen.lineCap = pen.lineJoin = "round";
  paint(pen);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function outline(pen, path, scale, colour, width = 2) {
  pen.save();
  pen.translate(SIZE / 2, SIZE / 2);
  pen.scale(scale, scale);
  pen.translate(-12, -12);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke(new Path2D(path));
  pen.restore();
}

/** A round chip for people and vehicles, a square one for what stands still; hollow and dashed when it is silent. */
const chip = (icon, silent) => draw((pen) => {
  const still = icon === "camera" || icon === "mast";
  const colour = token(still ? "camera" : "patrol");
  pen.beginPath();
  if (still) pen.roundRect(3, 3, SIZE - 6, SIZE - 6, 5);
  else pen.arc(SIZE / 2, SIZE / 2, SIZE / 2 - 2.5, 0, 7);
  pen.fillStyle = silent ? token("ground") : colour;
  pen.fill();
  pen.strokeStyle = silent ? colour : token("halo");
  pen.lineWidth = 1.5;
  if (silent) pen.setLineDash([3, 2.5]);
  pen.stroke();
  pen.setLineDash([]);
  outline(pen, PATHS[icon], 0.62, silent ? colour : token("halo"));
});

const seen = (icon) => draw((pen) => {
  pen.beginPath();
  pen.arc(SIZE / 2, SIZE / 2, SIZE / 2 - 3, 0, 7);
  pen.fillStyle = token("panel");
  pen.fill();
  const colour = token(icon === "paw" ? "muted" : "high");
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.stroke();
  outline(pen, PATHS[icon], 0.62, colour);
});

const alarm = (severity) => draw((pen) => {
  pen.translate(SIZE / 2, SIZE / 2);
  pen.translate(-12, -12);
  const shape = new Path2D(SHAPES[severity]);
  pen.strokeStyle = token("halo");
  pen.lineWidth = 4;
  pen.stroke(shape);
  pen.fillStyle = token(severity);
  pen.fill(shape);
  pen.strokeStyle = token("ink");
  pen.lineWidth = 1;
  pen.stroke(shape);
  if (severity === "critical" || severity === "high") {
    pen.strokeStyle = token("on-severity");
    pen.lineWidth = 2.2;
    pen.stroke(new Path2D(severity === "critical" ? "M12 7v6 M12 16.5v.01" : "M12 9.5v5 M12 17.5v.01"));
  }
});

/** An arrow across a line that runs from left to right: it points down, to the right hand of who walks along. */
const into = () => draw((pen) => {
  const arrow = new Path2D("M13 13v9 M9.5 18.500l3.5 3.5 3.5-3.5");
  for (const [colour, width] of [[token("halo"), 4.5], [token("muted"), 2]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke(arrow);
  }
});

function* images() {
  yield ["into", into()];
  for (const icon of CHIPS) {
    yield [`${icon}-ok`, chip(icon, false)];
    yield [`${icon}-silent`, chip(icon, true)];
  }
  for (const icon of SEEN) yield [`seen-${icon}`, seen(icon)];
  for (const severity of Object.keys(SHAPES)) yield [`alert-${severity}`, alarm(severity)];
}

/** Put every icon on the map, or redraw it there in the present theme. */
export function paintImages(map) {
  for (const [name, image] of images()) {
    if (map.hasImage(name)) map.updateImage(name, image);
    else map.addImage(name, image, { pixelRatio: RATIO });
  }
}
