// A drawn control panel, photographed: a gauge, a switch and lettering, seen a little from the side.

/** Draws a panel in a browser and gives back a JPEG; `shot` says how it is photographed. */
export async function panel(page, { needle = -40, up = true, turn = 0, scale = 1, shift = [0, 0], light = 1 } = {}) {
  const base64 = await page.evaluate(
    ({ needle, up, turn, scale, shift, light }) => {
      const [width, height] = [1280, 960];
      const canvas = new OffscreenCanvas(width, height);
      const pen = canvas.getContext("2d");
      let state = 7;
      const random = () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32);
      pen.fillStyle = "#969ea0";
      pen.fillRect(0, 0, width, height);
      for (let block = 0; block < 90; block++) {
        const [x, y] = [Math.floor(random() * 1200), Math.floor(random() * 900)];
        for (let stroke = 0; stroke < 14; stroke++) {
          const dark = 20 + Math.floor(random() * 60);
          pen.fillStyle = `rgb(${dark} ${dark} ${dark + 10})`;
          const flat = random() < 0.5;
          pen.fillRect(x + Math.floor(random() * 14) * 6, y + Math.floor(random() * 5) * 6, flat ? 12 : 3, flat ? 3 : 12);
        }
      }
      const disc = (x, y, radius, colour) => {
        pen.fillStyle = colour;
        pen.beginPath();
        pen.arc(x, y, radius, 0, 2 * Math.PI);
        pen.fill();
      };
      const spoke = (x, y, degrees, from, to, wide, colour) => {
        const angle = (degrees * Math.PI) / 180;
        pen.strokeStyle = colour;
        pen.lineWidth = wide;
        pen.beginPath();
        pen.moveTo(x + from * Math.sin(angle), y - from * Math.cos(angle));
        pen.lineTo(x + to * Math.sin(angle), y - to * Math.cos(angle));
        pen.stroke();
      };
      disc(300, 300, 132, "#3c3e42");
      disc(300, 300, 125, "#eeece4");
      for (let mark = 0; mark <= 20; mark++) spoke(300, 300, -135 + 13.5 * mark, mark % 2 ? 105 : 96, 120, 3, "#1e1e1e");
      spoke(300, 300, needle, -24, 102, 6, "#a01414");
      disc(300, 300, 12, "#1e1e1e");
      pen.fillStyle = "#282a2d";
      pen.fillRect(900, 600, 100, 140);
      pen.fillStyle = "#d7d2c8";
      pen.fillRect(930, up ? 612 : 678, 40, 50);
      const photo = new OffscreenCanvas(width, height);
      const eye = photo.getContext("2d");
      eye.fillStyle = "#707070";
      eye.fillRect(0, 0, width, height);
      eye.filter = `brightness(${light})`;
      eye.translate(width / 2 + shift[0], height / 2 + shift[1]);
      eye.rotate((turn * Math.PI) / 180);
      eye.scale(scale, scale);
      eye.drawImage(canvas, -width / 2, -height / 2);
      return photo.convertToBlob({ type: "image/jpeg", quality: 0.88 }).then(
        (blob) => new Promise((done) => {
          const reader = new FileReader();
          reader.onload = () => done(String(reader.result).split(",")[1]);
          reader.readAsDataURL(blob);
        }),
      );
    },
    { needle, up, turn, scale, shift, light },
  );
  return Buffer.from(base64, "base64");
}
