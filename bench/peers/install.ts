import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the peers, with them installed; null where the package registry cannot be reached. */
export function installedPeers(): string | null {
  const directory = dirname(fileURLToPath(import.meta.url));
  if (existsSync(join(directory, 'node_modules/@backstage'))) return directory;
  process.stderr.write('Installing the peers that this bench compares with …\n');
  const done = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: directory, stdio: 'inherit' });
  return done.status === 0 ? directory : null;
}
