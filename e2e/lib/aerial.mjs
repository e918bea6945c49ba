// A village seen from a drone: pictures drawn in a browser, with the metadata that a drone's camera writes.

/** Metres of a degree of latitude, near enough for a village. */
const LAT_M = 110_900;
/** Pixels of a picture, and metres a pixel: 24 mm of 35 mm film, 100 m above the ground. */
const [WIDTH, HEIGHT] = [1600, 1200];
export const ABOVE_M = 100;
export const METRES_A_PIXEL = (ABOVE_M * 43.2666) / (24 * Math.hypot(WIDTH, HEIGHT));

/**
 * Draws what a camera sees looking straight down, its top `yaw` degrees clockwise from north, `east` and `north` metres from
 * the middle of the village; `built` adds a hall with a blue roof, 24 by 16 m, 30 m east and 20 m south of the middle.
 */
export async function drawn(page, { east = 0, north = 0, yaw = 0, built = false, light = 1 } = {}) {
  const base64 = await page.evaluate(
    ({ east, north, yaw, built, light, width, height, metres }) => {
      const canvas = new OffscreenCanvas(width, height);
      const pen = canvas.getContext("2d");
      let state = 11;
      const random = () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32);
      pen.fillStyle = "#8b9a6b";
      pen.fillRect(0, 0, width, height);
      // Metres from the middle of the village, x to the east and y to the south.
      pen.translate(width / 2, height / 2);
      pen.rotate((-yaw * Math.PI) / 180);
      pen.scale(1 / metres, 1 / metres);
      pen.translate(-east, north);
      const field = (x, y, w, h, colour) => {
        pen.fillStyle = colour;
        pen.fillRect(x, y, w, h);
      };
      for (let x = -320; x < 320; x += 40) {
        for (let y = -240; y < 240; y += 30) {
          const green = 96 + Math.floor(random() * 60);
          field(x, y, 39, 29, `rgb(${green - 20} ${green} ${60 + Math.floor(random() * 40)})`);
          for (let furrow = 0; furrow < 9; furrow++) field(x + furrow * 4.3, y, 0.7, 29, `rgb(${green - 40} ${green - 15} 60)`);
        }
      }
      for (const at of [-90, 45, 150]) field(-320, at, 640, 6, "#b9b4a6");
      for (const at of [-120, 20, 130]) field(at, -240, 5, 480, "#b9b4a6");
      for (let house = 0; house < 260; house++) {
        const [x, y, w, h] = [-300 + random() * 600, -220 + random() * 440, 6 + random() * 8, 5 + random() * 7];
        const red = 110 + Math.floor(random() * 70);
        field(x + 1.2, y + 1.2, w, h, "rgb(40 44 36 / 55%)");
        field(x, y, w, h, random() < 0.6 ? `rgb(${red} ${red - 40} ${red - 55})` : `rgb(${red} ${red} ${red - 8})`);
        field(x, y + h / 2, w, 0.6, "rgb(60 50 48 / 60%)");
      }
      if (built) {
        field(32, 22, 24, 16, "rgb(40 44 36 / 60%)");
        field(30, 20, 24, 16, "#2f6fd0");
        for (let rib = 1; rib < 8; rib++) field(30 + rib * 3, 20, 0.5, 16, "#2558a6");
      }
      // The light of the day over everything, in one go.
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.fillStyle = `rgb(0 0 0 / ${Math.round((1 - light) * 100)}%)`;
      pen.fillRect(0, 0, width, height);
      return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 }).then(
        (blob) =>
          new Promise((done) => {
            const reader = new FileReader();
            reader.onload = () => done(String(reader.result).split(",")[1]);
            reader.readAsDataURL(blob);
          }),
      );
    },
    { east, north, yaw, built, light, width: WIDTH, height: HEIGHT, metres: METRES_A_PIXEL },
  );
  return Buffer.from(base64, "base64");
}

/** A part of a directory of TIFF: tag, type, count and value, big-endian. */
function entry(tag, type, count, value) {
  const out = Buffer.alloc(12);
  out.writeUInt16BE(tag, 0);
  out.writeUInt16BE(type, 2);
  out.writeUInt32BE(count, 4);
  if (Buffer.isBuffer(value)) value.copy(out, 8);
  else if (type === 3) out.writeUInt16BE(value, 8);
  else out.writeUInt32BE(value, 8);
  return out;
}

const ASCII = 2;
const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;
const directory = (entries) => {
  const out = Buffer.alloc(2 + 12 * entries.length + 4);
  out.writeUInt16BE(entries.length, 0);
  entries.forEach((one, at) => one.copy(out, 2 + 12 * at));
  return out;
};
const rationals = (pairs) => {
  const out = Buffer.alloc(8 * pairs.length);
  pairs.forEach(([above, below], at) => {
    out.writeUInt32BE(above, 8 * at);
    out.writeUInt32BE(below, 8 * at + 4);
  });
  return out;
};

/** EXIF of a picture: when (local time, as text), where, how high and the focal length. */
function exif({ local, lon, lat, height_m }) {
  const degrees = (value) => rationals([[Math.floor(value), 1], [Math.floor((value % 1) * 60), 1], [Math.round((((value % 1) * 60) % 1) * 60 * 1e5), 1e5]]);
  const time = Buffer.from(`${local}\0`, "latin1");
  const has_place = lon !== undefined;
  // Header 8, then the directories one after the other, then what does not fit into them.
  const zero = 8;
  const own = zero + 2 + 12 * (has_place ? 2 : 1) + 4;
  const gps = own + 2 + 12 * 2 + 4;
  let data = has_place ? gps + 2 + 12 * 6 + 4 : gps;
  const heap = [];
  const put = (bytes) => {
    const at = data;
    heap.push(bytes);
    data += bytes.length;
    return at;
  };
  const first = [entry(0x8769, LONG, 1, own), ...(has_place ? [entry(0x8825, LONG, 1, gps)] : [])];
  const second = [entry(0x9003, ASCII, time.length, put(time)), entry(0xa405, SHORT, 1, 24)];
  const third = has_place
    ? [
        entry(1, ASCII, 2, Buffer.from("N\0")),
        entry(2, RATIONAL, 3, put(degrees(lat))),
        entry(3, ASCII, 2, Buffer.from("E\0")),
        entry(4, RATIONAL, 3, put(degrees(lon))),
        entry(5, 1, 1, Buffer.from([0])),
        entry(6, RATIONAL, 1, put(rationals([[Math.round(height_m * 10), 10]]))),
      ]
    : [];
  const head = Buffer.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8]);
  return Buffer.concat([head, directory(first), directory(second), ...(has_place ? [directory(third)] : []), ...heap]);
}

/** A segment of a JPEG behind its first two bytes. */
function segment(bytes) {
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(bytes.length + 2, 2);
  return Buffer.concat([head, bytes]);
}

/** The picture with the metadata of a drone's camera; without a place where `lon` is absent, without a pose where `yaw` is. */
export function tagged(jpeg, { local, lon, lat, height_m = 180, yaw }) {
  const parts = [segment(Buffer.concat([Buffer.from("Exif\0\0"), exif({ local, lon, lat, height_m })]))];
  if (yaw !== undefined) {
    const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description drone-dji:RelativeAltitude="+${ABOVE_M.toFixed(2)}" drone-dji:GimbalYawDegree="${yaw.toFixed(2)}" drone-dji:GimbalPitchDegree="-90.00"/></rdf:RDF></x:xmpmeta>`;
    parts.push(segment(Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp}`)));
  }
  return Buffer.concat([jpeg.subarray(0, 2), ...parts, jpeg.subarray(2)]);
}

/** A place so many metres from another. */
export function moved({ lon, lat }, east, north) {
  return { lon: lon + east / (LAT_M * Math.cos((lat * Math.PI) / 180)), lat: lat + north / LAT_M };
}

/**
 * A flight over a village in a lawnmower's lanes: `across` by `along` pictures 60 m apart, four seconds between them, with its
 * track. Times are local ones of UTC+8.
 */
export async function flight(page, middle, { day, across = 3, along = 2, built = false, drift = 0, light = 1, places = true }) {
  const files = [];
  const fixes = [];
  for (let at = 0; at < across * along; at++) {
    const lane = Math.floor(at / along);
    const row = lane % 2 ? along - 1 - (at % along) : at % along;
    const [east, north] = [(lane - (across - 1) / 2) * 60 + drift, (row - (along - 1) / 2) * 60 - drift];
    const yaw = (lane % 2 ? 180 : 0) + drift;
    const second = String(at * 4).padStart(2, "0");
    const place = moved(middle, east, north);
    fixes.push(`<trkpt lat="${place.lat.toFixed(7)}" lon="${place.lon.toFixed(7)}"><ele>180</ele><time>${day}T02:00:${second}Z</time></trkpt>`);
    const jpeg = await drawn(page, { east, north, yaw, built, light });
    const local = `${day.replaceAll("-", ":")} 10:00:${second}`;
    files.push({ name: `DJI_${String(at + 1).padStart(4, "0")}.JPG`, mimeType: "image/jpeg", buffer: tagged(jpeg, { local, yaw, ...(places ? place : {}) }) });
  }
  const gpx = `<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>${fixes.join("\n")}</trkseg></trk></gpx>`;
  files.push({ name: "flight.gpx", mimeType: "application/gpx+xml", buffer: Buffer.from(gpx) });
  return files;
}
