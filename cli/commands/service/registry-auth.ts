/**
 * `--with-registry-auth`: the credentials that `docker login` left for the image's registry, as the
 * daemon wants them in a header.
 */
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

import type { CommandContext } from "../../context.js";
import { BadValueError, UsageError } from "../../errors.js";

/** Docker's own registry is known under this name, whatever it is called. */
const DOCKER_HUB = "https://index.docker.io/v1/";

/** An identity token in place of a password comes with this user name. */
const TOKEN_USER = "<token>";

interface DockerConfig {
  readonly auths?: Readonly<Record<string, StoredAuth>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

interface StoredAuth {
  /** `user:password` in base64. */
  readonly auth?: string;
  readonly identitytoken?: string;
}

/** An empty object in base64 where there are none: the daemon then asks without. */
export function registryAuthFor(image: string, context: CommandContext): string {
  const registry = registryOf(image);
  const config = dockerConfig(context);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  const auth = helper === undefined ? fromFile(config, registry) : fromHelper(helper, registry);
  return Buffer.from(JSON.stringify(auth)).toString("base64url");
}

/** The first part of the name, if it looks like a host. */
function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return !isHost || /^(index\.)?docker\.io$/.test(first) ? DOCKER_HUB : first;
}

function dockerConfig(context: CommandContext): DockerConfig {
  const folder = context.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
  const path = join(folder, "config.json");
  let text: string;
  try {
    text = context.readFile(path);
  } catch (error) {
    // No file, no credentials: as for anyone who never logged in.
    if (error instanceof BadValueError) return {};
    throw error;
  }
  try {
    return JSON.parse(text) as DockerConfig;
  } catch (cause) {
    throw new UsageError(`${path} is not JSON`, { cause });
  }
}

function fromFile(config: DockerConfig, registry: string): object {
  const entry = Object.entries(config.auths ?? {}).find(([name]) => sameRegistry(name, registry));
  if (entry === undefined) return {};
  const [serveraddress, { auth = "", identitytoken }] = entry;
  const [username = "", ...password] = Buffer.from(auth, "base64").toString("utf8").split(":");
  return identitytoken === undefined
    ? { username, password: password.join(":"), serveraddress }
    : { username, identitytoken, serveraddress };
}

function sameRegistry(stored: string, registry: string): boolean {
  const bare = (name: string): string => name.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return stored === registry || bare(stored) === bare(registry);
}

/** A program of Docker's that keeps credentials elsewhere: the registry's name in, JSON out. */
function fromHelper(helper: string, registry: string): object {
  const program = `docker-credential-${helper}`;
  const { status, stdout, error } = spawnSync(program, ["get"], { input: registry });
  if (error !== undefined) throw new UsageError(`cannot run ${program}: ${error.message}`);
  // It knows none for this registry.
  if (status !== 0) return {};
  const { Username: username = "", Secret: secret = "" } = JSON.parse(stdout.toString()) as {
    readonly Username?: string;
    readonly Secret?: string;
  };
  return username === TOKEN_USER
    ? { identitytoken: secret, serveraddress: registry }
    : { username, password: secret, serveraddress: registry };
}
