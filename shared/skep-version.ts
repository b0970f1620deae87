/**
 * Our own version, as the API and the command line tell it; a test holds it
 * equal to `package.json`.
 */
export const SKEP_VERSION = "0.1.0";
