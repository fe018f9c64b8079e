/** Finds the Bicep CLI, or fetches it with the NuGet client that every .NET SDK has. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

export const VERSION = '0.49.2';
const PACKAGE = 'Azure.Bicep.CommandLine.linux-x64';

/**
 * The path of the CLI: `$BICEP`, else the NuGet package in the ordinary package folder (`$NUGET_PACKAGES` or ~/.nuget/packages), restored
 * there if it is missing. Throws with the next step if neither can be had.
 */
export function bicepCli(env = process.env) {
  if (env.BICEP) return env.BICEP;
  const packages = env.NUGET_PACKAGES ?? join(homedir(), '.nuget/packages');
  const binary = join(packages, PACKAGE.toLowerCase(), VERSION, 'tools/bicep');
  if (!existsSync(binary)) restore();
  if (!existsSync(binary)) throw new Error(`NuGet restored ${PACKAGE} ${VERSION}, but ${binary} is not there. Name the CLI in $BICEP.`);
  return binary;
}

function restore() {
  const directory = mkdtempSync(join(tmpdir(), 'bicep-'));
  try {
    writeFileSync(
      join(directory, 'bicep.csproj'),
      `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageDownload Include="${PACKAGE}" Version="[${VERSION}]" /></ItemGroup>
</Project>
`,
    );
    const { error, status, stdout } = spawnSync('dotnet', ['restore', 'bicep.csproj'], { cwd: directory, encoding: 'utf8' });
    if (error) throw new Error('No Bicep CLI: install it and name it in $BICEP, or install the .NET SDK, which fetches it from NuGet.');
    if (status !== 0) throw new Error(`NuGet could not fetch ${PACKAGE} ${VERSION}; name an installed CLI in $BICEP.\n${stdout}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs the CLI in `cwd`. Bicep writes warnings and errors to standard error: `messages`, one a line. */
export function runBicep(cli, args, cwd, env = {}) {
  const { error, status, stdout, stderr } = spawnSync(cli, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
  });
  if (error) throw new Error(`${cli} does not start (${error.message}). Name a Bicep CLI in $BICEP.`);
  return { ok: status === 0, output: stdout, messages: stderr.split('\n').filter((line) => line.trim() !== '') };
}
