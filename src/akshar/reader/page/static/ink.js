// The sheet's contents: strokes, or one picture. Coordinates are shares of the sheet's side, [0, 1].

const UNIT = 320; // side of the sheet that pen widths refer to
const SENT = 256; // pixels a side of a drawing to read
const STEP = 0.002; // points closer than this are skipped

export class Sheet {
  #states = [[]]; // undo history: lists of items, the last one is shown

  get items() {
    return this.#states.at(-1);
  }

  get isEmpty() {
    return this.items.length === 0;
  }

  get picture() {
    return this.items.find((item) => item.bitmap);
  }

  get canUndo() {
    return this.#states.length > 1;
  }

  begin(point, width) {
    const before = this.picture ? [] : this.items; // no strokes over a picture
    this.#states.push([...before, { width: width / UNIT, points: [point] }]);
  }

  extend(point) {
    const { points } = this.items.at(-1);
    const [x, y] = points.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) >= STEP) points.push(point);
  }

  undo() {
    if (this.canUndo) this.#states.pop();
  }

  show(items) {
    this.#states.push(items);
  }
}

// Paints items on a square of `side` pixels.
export function paint(context, items, side, ink, paper = null) {
  context.clearRect(0, 0, side, side);
  if (paper) {
    context.fillStyle = paper;
    context.fillRect(0, 0, side, side);
  }
  context.strokeStyle = context.fillStyle = ink;
  context.lineCap = context.lineJoin = "round";
  for (const item of items) (item.bitmap ? paintPicture : paintStroke)(context, item, side);
}

function paintPicture(context, { bitmap }, side) {
  const scale = side / Math.max(bitmap.width, bitmap.height);
  const width = bitmap.width * scale;
  const height = bitmap.height * scale;
  context.imageSmoothingEnabled = scale < 1; // enlarged pictures keep their pixels
  context.drawImage(bitmap, (side - width) / 2, (side - height) / 2, width, height);
}

// Draws quadratic curves between the midpoints of neighbouring points, with the points as control points.
function paintStroke(context, { points, width }, side) {
  const at = points.map(([x, y]) => [x * side, y * side]);
  const [first, last] = [at[0], at.at(-1)];
  context.lineWidth = width * side;
  context.beginPath();
  if (at.length === 1) {
    context.arc(...first, context.lineWidth / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.moveTo(...first);
  for (let i = 1; i < at.length - 1; i++) {
    const [x, y] = at[i];
    context.quadraticCurveTo(x, y, (x + at[i + 1][0]) / 2, (y + at[i + 1][1]) / 2);
  }
  context.lineTo(...last);
  context.stroke();
}

// The strokes in black on white, as the network gets them: the context of a canvas of its own.
export function paintStrokes(items) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SENT, height: SENT });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  paint(context, items, SENT, "#000", "#fff");
  return context;
}
