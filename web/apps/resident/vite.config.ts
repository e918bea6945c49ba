import { face } from "../../tools/app.ts";

export default face({ base: "/", offline: true });
