/**
 * Specs travel as JSON text: the Docker API's own shape, with fields that we do not know kept. They
 * were validated at the gate before they came into the log, so they are parsed here and not checked
 * again.
 */
export function specToJson(spec: object): string {
  return JSON.stringify(spec);
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- named at the call
export function specFromJson<T extends object>(json: string): T {
  return JSON.parse(json) as T;
}
