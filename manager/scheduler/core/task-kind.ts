/**
 * Tasks of a service that run the same, whatever their revisions say of where. Mostly a service has
 * one kind. While it is being updated it has two, and then those that are about to go must not
 * decide where those go that come: nodes would in the end have as many as the old ones left room for.
 */
import { hashWithoutPlacement, type Revision } from "../../../shared/model/revision.js";

export class TaskKind {
  readonly #revision: Revision;
  /** Worked out when there is another revision to compare with: most services have none in use. */
  #hash: string | undefined;

  constructor(revision: Revision) {
    this.#revision = revision;
  }

  includes(revision: Revision): boolean {
    if (revision.hash === this.#revision.hash) return true;
    this.#hash ??= hashWithoutPlacement(this.#revision);
    return this.#hash === hashWithoutPlacement(revision);
  }
}
