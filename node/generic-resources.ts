/** What `skepd --generic-resource` says that the host has. */
import type { GenericResource } from "../shared/docker-api/resources.js";
import { InvalidArgumentError } from "../shared/errors/cluster-error.js";
import { genericResources, genericShares } from "../shared/model/generic-resources.js";

const WHOLE_NUMBER = /^-?\d+$/;

/**
 * @param given `gpu=UUID1` names one, `ssd=4` counts them; several with commas between
 * @throws InvalidArgumentError in the words of Docker's engine where it has some
 */
export function parseGenericResources(given: readonly string[]): GenericResource[] {
  const parsed = given.flatMap((list) => list.split(",")).map(parseOne);
  for (const [i, one] of parsed.entries()) expectConsistent(one, parsed.slice(0, i));
  // In a fixed order, so that a host is described the same way every time.
  return genericResources(genericShares(parsed));
}

function parseOne(text: string): GenericResource {
  const [, kind = "", value = ""] = /^([^=]*)=(.*)$/.exec(text.trim()) ?? [];
  if (kind === "" || value === "" || /\s/.test(kind + value)) {
    throw new InvalidArgumentError(
      `invalid generic resource "${text}": KIND=NAME or KIND=NUMBER is wanted`,
    );
  }
  if (!WHOLE_NUMBER.test(value)) return { NamedResourceSpec: { Kind: kind, Value: value } };
  const count = Number(value);
  if (count < 0 || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError(`invalid generic resource "${text}": no such number`);
  }
  return { DiscreteResourceSpec: { Kind: kind, Value: count } };
}

function expectConsistent(one: GenericResource, before: readonly GenericResource[]): void {
  const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } = one;
  const kind = named?.Kind ?? discrete?.Kind ?? "";
  for (const other of before) {
    if (discrete !== undefined && other.DiscreteResourceSpec?.Kind === kind) {
      throw new InvalidArgumentError(`generic resource "${kind}" is counted twice`);
    }
    const known = other.NamedResourceSpec ?? other.DiscreteResourceSpec;
    if (known?.Kind === kind && (named === undefined) !== (other.NamedResourceSpec === undefined)) {
      throw new InvalidArgumentError(
        `mixed discrete and named resources in expression "${kind}": count them or name each one`,
      );
    }
    if (named !== undefined && other.NamedResourceSpec?.Kind === kind) {
      if (other.NamedResourceSpec.Value !== named.Value) continue;
      throw new InvalidArgumentError(
        `generic resource "${kind}=${named.Value ?? ""}" is named twice`,
      );
    }
  }
}
