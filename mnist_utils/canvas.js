// A square of paper to draw one digit on, or to put a photo of one: in notebooks and on the page.
// No library, no network.
const SIDE = 400; // pixels of the paper
const LONGEST = 1024; // a photo's longer side, in pixels, as it is sent
const LARGEST = 20 * 2 ** 20; // bytes of a photo's file

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "digit-canvas";
  root.innerHTML = `
    <canvas width="${SIDE}" height="${SIDE}" role="img" tabindex="0"
      aria-label="Paper to draw a digit on, with a mouse, a finger or a pen"></canvas>
    <div class="digit-buttons">
      <button type="button" class="digit-clear">Clear</button>
      <label class="digit-open" tabindex="0">Picture…<input type="file" accept="image/*"></label>
    </div>
    <div class="digit-message" role="status"></div>`;
  el.appendChild(root);
  const canvas = root.querySelector("canvas");
  const message = root.querySelector(".digit-message");
  const pen = canvas.getContext("2d");

  const say = (text) => (message.textContent = text);
  const send = (kind, picture) => {
    model.set("kind", kind);
    model.set("picture", picture);
    model.save_changes();
  };
  const blank = () => {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, SIDE, SIDE);
  };
  const show = (picture) => {
    const share = Math.min(SIDE / picture.width, SIDE / picture.height);
    const [width, height] = [picture.width * share, picture.height * share];
    blank();
    pen.drawImage(picture, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
  };

  // What an earlier view of the same widget has sent is shown again.
  blank();
  if (model.get("picture")) {
    const earlier = new Image();
    earlier.onload = () => show(earlier);
    earlier.src = model.get("picture");
  }

  let last = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
  };
  const line = (from, to) => {
    pen.lineWidth = SIDE / 14;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "black";
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    if (model.get("kind") === "photo") blank(); // a drawing takes the photo's place
    last = place(event);
    line(last, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last === null) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) {
      const next = place(part);
      line(last, next);
      last = next;
    }
  });
  const lift = () => {
    if (last === null) return;
    last = null;
    say("");
    send("drawing", canvas.toDataURL("image/png"));
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  root.querySelector(".digit-clear").addEventListener("click", () => {
    blank();
    say("");
    send("", "");
  });

  const input = root.querySelector("input");
  const label = root.querySelector(".digit-open");
  label.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") input.click();
  });
  input.addEventListener("change", async () => {
    const file = input.files[0];
    input.value = ""; // so that the same file may be chosen again
    if (!file) return;
    if (file.size > LARGEST) return say("This file has more than 20 MB.");
    try {
      const photo = await createImageBitmap(file, { imageOrientation: "from-image" });
      const share = Math.min(1, LONGEST / Math.max(photo.width, photo.height));
      const small = document.createElement("canvas");
      small.width = Math.max(1, Math.round(photo.width * share));
      small.height = Math.max(1, Math.round(photo.height * share));
      small.getContext("2d").drawImage(photo, 0, 0, small.width, small.height);
      show(small);
      say(file.name);
      send("photo", small.toDataURL("image/png"));
    } catch {
      say("This browser can't read that file as a picture.");
    }
  });
  return () => root.remove();
}

export default { render };
