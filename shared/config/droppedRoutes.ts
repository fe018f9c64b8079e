import type { Configuration, ConfigurationFault } from '../model/configuration.ts';

type Parts = Pick<Configuration, 'connectors' | 'routes'>;

/** Of `dropped`, what does not only follow from other faults of the same document: a route or connector that is not right yet is not judged. */
export function besides(faults: readonly ConfigurationFault[], dropped: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  const item = (path: string): string => path.split('/').slice(0, 3).join('/');
  const unnamed = faults.some(({ path }) => /^\/routes(\/\d+(\/id)?)?$/.test(path));
  return dropped.filter(({ path }) => (path === '/routes' ? !unnamed : !faults.some((fault) => item(fault.path) === item(path))));
}

/**
 * Routes and connectors that would be dropped, renamed or re-stamped while they still manage objects: those objects would be left behind
 * without anybody who may touch them. `managed`: linked objects per route of the previous document.
 */
export function droppedRoutes(previous: Parts, next: Parts, managed: Readonly<Record<string, number>>): readonly ConfigurationFault[] {
  return previous.routes.flatMap((route): ConfigurationFault[] => {
    const count = managed[route.id] ?? 0;
    if (count === 0) return [];
    const kept = next.routes.find((candidate) => candidate.id === route.id);
    const wayOut = `Keep it ("enabled": false stops it), or retire the route first: POST /api/routes/${route.id}/retire.`;
    if (!kept)
      return [
        { path: '/routes', message: `stillManages: route "${route.id}" manages ${count} objects and would be dropped.`, fix: wayOut },
      ];
    const at = `/routes/${next.routes.indexOf(kept)}`;
    if (kept.from !== route.from || kept.to !== route.to)
      return [
        {
          path: at,
          message: `stillManages: route "${route.id}" manages ${count} objects between ${route.from} and ${route.to}.`,
          fix: wayOut,
        },
      ];
    // Copies in mailboxes are no objects of the directory: neither kind finds what the other left behind.
    if (kept.push.as !== route.push.as && [kept.push.as, route.push.as].includes('mailboxContact'))
      return [
        {
          path: `${at}/push/as`,
          message: `stillManages: route "${route.id}" manages ${count} objects as "${route.push.as}" and would leave them behind.`,
          fix: `Give the new push type a route of its own. ${wayOut}`,
        },
      ];
    return stampOf(previous, route.to) === stampOf(next, route.to)
      ? []
      : [
          {
            path: stampPath(next, route.to),
            message: `stillManages: connector "${route.to}" would keep its stamps elsewhere while route "${route.id}" manages ${count} objects.`,
            fix: wayOut,
          },
        ];
  });
}

/** Where a connector keeps its stamps; a directory of another kind is another place, whatever its attributes are called. */
function stampOf(configuration: Parts, connector: string): string | null {
  const found = configuration.connectors.find((candidate) => candidate.id === connector);
  return found ? `${found.kind} ${'stamp' in found ? found.stamp : ''}` : null;
}

function stampPath(configuration: Parts, connector: string): string {
  const at = configuration.connectors.findIndex((candidate) => candidate.id === connector);
  const found = configuration.connectors[at];
  return found ? `/connectors/${at}/${'stamp' in found ? 'stamp' : 'kind'}` : '/connectors';
}
