import { face } from "../../tools/app.ts";

export default face({ base: "/developers/", offline: false });
