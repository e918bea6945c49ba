import { face } from "../../tools/app.ts";

export default face({ base: "/field/", offline: true });
