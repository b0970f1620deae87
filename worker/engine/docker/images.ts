/**
 * Sees to it that a task's image is on the host. An image named by digest cannot change and is
 * fetched only when it is missing; one named by tag is asked for once per revision of a service, so
 * that all tasks of a revision start from the same fetch, and what is on the host serves where the
 * registry does not answer.
 */
import type { Logger } from "../../../shared/ports/logger.js";
import { ImageUnavailableError } from "../engine-errors.js";
import { EngineAnswerError, type EngineClient, EngineSilentError } from "./engine-client.js";

/** A registry that has not said a word by then is taken for unreachable. */
const REGISTRY_SILENT_MS = 15_000;
/** Revisions whose images were fetched: forgetting one costs a question to the registry. */
const FETCHED_KEPT = 1000;

export interface ImageWish {
  readonly image: string;
  /** Of the service, and its number: what shares one fetch. */
  readonly revision: string;
}

interface Fetch {
  readonly done: Promise<void>;
  readonly abandon: AbortController;
  waiters: number;
}

export class Images {
  readonly #client: EngineClient;
  readonly #logger: Logger;
  readonly #fetched = new Set<string>();
  readonly #fetches = new Map<string, Fetch>();

  constructor(client: EngineClient, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
  }

  /**
   * Before a container is made. What cannot be fetched may still be there: the engine then decides.
   */
  async refresh(wish: ImageWish, signal: AbortSignal): Promise<void> {
    if (isPinned(wish.image) || this.#fetched.has(keyOf(wish))) return;
    try {
      await this.fetch(wish, signal);
    } catch (cause) {
      if (!(cause instanceof ImageUnavailableError)) throw cause;
      this.#remember(wish);
      const { image } = wish;
      this.#logger.info(
        { image, reason: cause.message },
        "image not fetched, trying the host's own",
      );
    }
  }

  /** After the engine has said that it has no such image. @throws ImageUnavailableError */
  async fetch(wish: ImageWish, signal: AbortSignal): Promise<void> {
    const key = keyOf(wish);
    const fetch = this.#fetches.get(key) ?? this.#begin(wish);
    fetch.waiters++;
    try {
      await abandonable(fetch.done, signal);
    } finally {
      fetch.waiters--;
      // Nobody wants it any more: a large image must not go on filling the disk.
      if (fetch.waiters === 0) fetch.abandon.abort(signal.reason);
    }
  }

  #begin(wish: ImageWish): Fetch {
    const abandon = new AbortController();
    const done = this.#pull(wish, abandon.signal).finally(() => {
      this.#fetches.delete(keyOf(wish));
    });
    done.catch(() => undefined); // every waiter hears of it by itself
    const fetch = { done, abandon, waiters: 0 };
    this.#fetches.set(keyOf(wish), fetch);
    return fetch;
  }

  async #pull(wish: ImageWish, signal: AbortSignal): Promise<void> {
    const { image } = wish;
    this.#logger.info({ image }, "fetching image");
    try {
      const progress = await this.#client.lines(
        {
          method: "POST",
          path: "/images/create",
          query: pullQuery(image),
          limitMs: REGISTRY_SILENT_MS,
        },
        signal,
      );
      for await (const line of progress) throwFailure(line as PullProgress);
    } catch (cause) {
      signal.throwIfAborted();
      const refused = cause instanceof EngineAnswerError || cause instanceof EngineSilentError;
      if (!refused) throw cause;
      throw new ImageUnavailableError(`${image} (${cause.message})`, { cause });
    }
    this.#remember(wish);
  }

  #remember(wish: ImageWish): void {
    this.#fetched.add(keyOf(wish));
    for (const oldest of this.#fetched) {
      if (this.#fetched.size <= FETCHED_KEPT) return;
      this.#fetched.delete(oldest);
    }
  }
}

/** By digest, or by the image's own id. */
function isPinned(image: string): boolean {
  return image.includes("@sha256:") || /^(sha256:)?[0-9a-f]{64}$/.test(image);
}

function keyOf({ image, revision }: ImageWish): string {
  return `${revision} ${image}`;
}

/** `name:tag@digest` is fetched by its digest, as Docker does. */
function pullQuery(image: string): { fromImage: string; tag: string } {
  const [named = "", digest] = image.split("@");
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  const fromImage = tagged ? named.slice(0, colon) : named;
  return { fromImage, tag: digest ?? (tagged ? named.slice(colon + 1) : "latest") };
}

interface PullProgress {
  readonly error?: string;
}

/** The engine tells its failure in the last line of a progress that had begun well. */
function throwFailure({ error }: PullProgress): void {
  if (error !== undefined) throw new EngineAnswerError(error, 500, {});
}

/** Waits for `work` no longer than `signal` allows; `work` itself goes on. */
function abandonable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) {
      abandon();
      return;
    }
    signal.addEventListener("abort", abandon, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", abandon);
    });
  });
}
