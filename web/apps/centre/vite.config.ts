import { face } from "../../tools/app.ts";

export default face({ base: "/centre/", offline: false });
