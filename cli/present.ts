/**
 * Objects of which only what was given is there: an absent property and an `undefined` one differ.
 */
type Present<T> = {
  [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/** Without the properties that are `undefined`. */
export function present<T extends object>(fields: T): Present<T> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Present<T>;
}

/** The same, or nothing at all when none of them is there. */
export function presentIfAny<T extends object>(fields: T): Present<T> | undefined {
  const given = present(fields);
  return Object.keys(given).length === 0 ? undefined : given;
}
