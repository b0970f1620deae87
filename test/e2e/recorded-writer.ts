/**
 * A user who creates, changes and removes services one after the other, and keeps a record of what was acknowledged. The
 * one request whose answer was lost may have happened, and is sent again with the same id.
 */
import type { Random } from "../../shared/ports/random.js";
import { type ApiAnswer, callApi } from "../setup/api-client.js";

export interface RecordedService {
  readonly id: string;
  readonly replicas: number;
  /** A label that every change counts up. */
  readonly edition: string;
}

/** By name. */
export type Services = ReadonlyMap<string, RecordedService>;

interface Step {
  readonly name: string;
  readonly requestId: string;
  readonly method: "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  /** What is there once it happened; undefined: nothing. */
  readonly after: Omit<RecordedService, "id"> | undefined;
}

const NAMES = 4;
const REPLICAS_MAX = 3;
/** There is no leader at the moment; whether the change was made may not be known. */
const UNAVAILABLE = 503;

export class RecordedWriter {
  readonly #name: string;
  /** Of the manager that it talks to; another may take its place at any time. */
  socketPath: string;
  readonly #random: Random;
  readonly #acknowledged = new Map<string, RecordedService>();
  #unanswered: Step | undefined;
  #steps = 0;
  #answers = 0;

  constructor(options: {
    readonly name: string;
    readonly socketPath: string;
    readonly random: Random;
  }) {
    this.#name = options.name;
    this.socketPath = options.socketPath;
    this.#random = options.random;
  }

  /** What must be there, by name. */
  get acknowledged(): Services {
    return this.#acknowledged;
  }

  /** Requests that were answered. */
  get answers(): number {
    return this.#answers;
  }

  /**
   * Until nobody answers any more, or told to stop.
   * @throws where something else than success is answered, or that there is no leader.
   */
  async writeUntilCutOff(stop?: AbortSignal): Promise<void> {
    while (stop?.aborted !== true) {
      const step = await this.#nextStep();
      if (step === undefined || !(await this.#carryOut(step))) return;
    }
  }

  /** Sends what was not answered again. @throws where it is not carried out exactly once. */
  async sendAgain(): Promise<void> {
    const step = this.#unanswered;
    if (step !== undefined && !(await this.#carryOut(step))) {
      throw new Error(`nobody answers ${step.path}`);
    }
  }

  /** @returns in words what of `seen` cannot be, given what was acknowledged. */
  contradictions(seen: Services): string[] {
    const names = new Set([...this.#acknowledged.keys(), ...seen.keys()]);
    const mine = [...names].filter((name) => name.startsWith(`${this.#name}-`));
    return mine
      .filter((name) => !this.#mayBe(name, seen.get(name)))
      .map((name) => {
        const [is, was] = [seen.get(name), this.#acknowledged.get(name)];
        const open = this.#unanswered?.name === name ? this.#unanswered : undefined;
        return `${name}: acknowledged ${show(was)}, seen ${show(is)}, unanswered ${show(open)}`;
      });
  }

  #mayBe(name: string, seen: RecordedService | undefined): boolean {
    const acknowledged = this.#acknowledged.get(name);
    if (sameService(seen, acknowledged)) return true;
    if (this.#unanswered?.name !== name) return false;
    const { after } = this.#unanswered;
    if (after === undefined || seen === undefined) return after === seen;
    const { replicas, edition } = after;
    return sameService(seen, { id: acknowledged?.id ?? seen.id, replicas, edition });
  }

  /** @returns whether it was answered. */
  async #carryOut(step: Step): Promise<boolean> {
    this.#unanswered = step;
    const { name, requestId, method, path, body, after } = step;
    const headers = { "x-skep-request-id": requestId };
    const answer = await this.#call({ method, path, body, headers });
    if (answer === undefined || answer.status === UNAVAILABLE) return false;
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    this.#unanswered = undefined;
    this.#answers += 1;
    const { ID } = (answer.json ?? {}) as { readonly ID?: string };
    const id = ID ?? this.#acknowledged.get(name)?.id ?? "";
    if (after === undefined) this.#acknowledged.delete(name);
    else this.#acknowledged.set(name, { id, ...after });
    return true;
  }

  async #nextStep(): Promise<Step | undefined> {
    const name = `${this.#name}-${this.#random.below(NAMES)}`;
    const requestId = `${this.#name}/${++this.#steps}`;
    const service = this.#acknowledged.get(name);
    const after = { replicas: this.#random.below(REPLICAS_MAX + 1), edition: String(this.#steps) };
    if (service === undefined) {
      const body = specOf(name, after);
      return { name, requestId, method: "POST", path: "/services/create", body, after };
    }
    if (this.#random.below(4) === 0) {
      return { name, requestId, method: "DELETE", path: `/services/${name}`, after: undefined };
    }
    const read = await this.#call({ method: "GET", path: `/services/${name}` });
    if (read === undefined || read.status === UNAVAILABLE) return undefined;
    const { Version } = read.json as { readonly Version: { readonly Index: number } };
    const path = `/services/${service.id}/update?version=${Version.Index}`;
    return { name, requestId, method: "POST", path, body: specOf(name, after), after };
  }

  /** @returns undefined where nobody answers: the manager is gone. */
  async #call(call: Parameters<typeof callApi>[1]): Promise<ApiAnswer | undefined> {
    try {
      return await callApi(this.socketPath, call);
    } catch {
      return undefined;
    }
  }
}

/** Every service that the manager shows. */
export async function readServices(socketPath: string): Promise<Services> {
  const { json } = await callApi(socketPath, { path: "/services" });
  const shown = json as readonly {
    readonly ID: string;
    readonly Spec: {
      readonly Name: string;
      readonly Labels: { readonly edition: string };
      readonly Mode: { readonly Replicated: { readonly Replicas: number } };
    };
  }[];
  return new Map(
    shown.map(({ ID: id, Spec: { Name, Labels, Mode } }) => [
      Name,
      { id, replicas: Mode.Replicated.Replicas, edition: Labels.edition },
    ]),
  );
}

function specOf(name: string, { replicas, edition }: Omit<RecordedService, "id">): unknown {
  return {
    Name: name,
    Labels: { edition },
    Mode: { Replicated: { Replicas: replicas } },
    TaskTemplate: {
      ContainerSpec: { Image: "none", Command: ["sleep", "10000"], StopGracePeriod: 1e9 },
    },
  };
}

function sameService(a: RecordedService | undefined, b: RecordedService | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function show(what: object | undefined): string {
  return what === undefined ? "nothing" : JSON.stringify(what);
}
