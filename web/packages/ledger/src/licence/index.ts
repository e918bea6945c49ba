/** A strict verifier of electronic licences (SD-JWT VC, Token Status List) for browsers: the rules of core/credential. */
export { checkShowing, proofOf, SHOWN_AUDIENCE, SHOWN_MAX_AGE_S, showTo, type DeviceKey, type Showing } from "./binding.ts";
export { encodeBase64url, isObject, parseJson, type Json, type JsonObject } from "./json.ts";
export { parseKeys, type TrustedKey } from "./keys.ts";
export { checkSeal, isPdf, parsePaper, type Paper } from "./paper.ts";
export { LICENCE_RULES, LicenceError, type LicenceRule } from "./rules.ts";
export { isSdJwt, MAX_SD_JWT_CHARS, parseSdJwt, present, type SdJwt } from "./sd-jwt.ts";
export { MAX_LIST_BYTES, verifyStatusList, type StatusList, type StatusRef } from "./status.ts";
export { checkStatus, checkTimes, claimWords, openLicence, type Licence } from "./verify.ts";
