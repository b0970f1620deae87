/**
 * A name of our own for `nft`. The kernel tells who changed its rules by the name that the program
 * was started by, and by its number; the number is the one of the machine, which in a container is
 * not the one that we know it by.
 */
import { access, constants, mkdir, readlink, rm, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** At most 15 characters: more the kernel does not keep. */
export const OWN_NFT = "skep-nft";

/**
 * @param path where `nft` is looked for, in the form of `PATH`
 * @returns what is to be started; undefined where there is no `nft`
 */
export async function linkNft(folder: string, path: string): Promise<string | undefined> {
  const nft = await findNft(path);
  if (nft === undefined) return undefined;
  const link = join(folder, OWN_NFT);
  if ((await targetOf(link)) === nft) return link;
  await mkdir(folder, { recursive: true });
  await rm(link, { force: true });
  await symlink(nft, link);
  return link;
}

async function findNft(path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const program = join(folder, "nft");
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false, // not in this one
    );
    if (isThere) return program;
  }
  return undefined;
}

function targetOf(link: string): Promise<string | undefined> {
  return readlink(link).catch(() => undefined); // not there yet
}
