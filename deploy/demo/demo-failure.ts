/** Something that the demo shows did not happen, in words for whoever watches. */
export class DemoFailure extends Error {}
