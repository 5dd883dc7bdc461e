// Two cut-outs side by side, and where their points lie: numbers only, so that they can be tested.

export const WIDE = 100;
export const GAP = 4;

/** A box [left, top, width, height] in parts of a picture of so many pixels -> how high it is when it is `WIDE` wide. */
export const heightOf = (box, size) => (WIDE * box[3] * size.height) / (box[2] * size.width);

/** Lines in parts of both pictures -> ends in the drawing: this one at the left, the other at the right of the gap. */
export function linesOf(lines, box, size, other, otherSize) {
  const high = heightOf(box, size);
  const otherHigh = heightOf(other, otherSize);
  const place = (x, y, [left, top, width, height], high, from) => [from + ((x - left) / width) * WIDE, ((y - top) / height) * high];
  return lines.map(([x1, y1, x2, y2]) => {
    const [ax, ay] = place(x1, y1, box, high, 0);
    const [bx, by] = place(x2, y2, other, otherHigh, WIDE + GAP);
    return { x1: ax, y1: ay, x2: bx, y2: by };
  });
}

/** The part of a picture that a box shows, in its pixels, as SVG wants it. */
export const viewBoxOf = (box, size) => [box[0] * size.width, box[1] * size.height, box[2] * size.width, box[3] * size.height].join(" ");
