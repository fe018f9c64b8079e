import { describe, expect, it } from 'vitest';
import type { Configuration } from '../model/configuration.ts';
import { checkConfiguration } from './checkConfiguration.ts';
import { droppedRoutes } from './droppedRoutes.ts';
import { sampleDocument } from './sampleDocument.ts';

function configured(changes: Parameters<typeof sampleDocument>[0]): Configuration {
  const checked = checkConfiguration(sampleDocument(changes), { local: false, allowedHosts: [] });
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return checked.configuration;
}

const before = configured({});
const managed = { 'fabrikam-to-contoso': 12 };

describe('droppedRoutes', () => {
  it('has nothing against other changes, nor against dropping what manages nothing', () => {
    expect(droppedRoutes(before, before, managed)).toEqual([]);
    expect(droppedRoutes(before, configured({ back: { enabled: false } }), managed)).toEqual([]);
    expect(droppedRoutes(before, { ...before, routes: [] }, {})).toEqual([]);
    expect(droppedRoutes(before, configured({ out: { id: 'renamed' } }), managed)).toEqual([]);
  });

  it('refuses a route that is dropped or renamed, with the number and the way out', () => {
    for (const next of [{ ...before, routes: before.routes.slice(0, 1) }, configured({ back: { id: 'renamed' } })])
      expect(droppedRoutes(before, next, managed)).toEqual([
        { path: '/routes', message: expect.stringMatching(/stillManages.*12/), fix: expect.stringContaining('fabrikam-to-contoso/retire') },
      ]);
  });

  it('refuses a route that leads elsewhere, as when a connector is renamed', () => {
    const next = { ...before, routes: before.routes.map((route) => (route.to === 'contoso' ? { ...route, to: 'other' } : route)) };
    expect(droppedRoutes(before, next, managed)[0]).toMatchObject({ path: '/routes/1', message: expect.stringContaining('12') });
  });

  it('refuses another push type where one of the two is copies in mailboxes', () => {
    const mailboxes = configured({ back: { push: { as: 'mailboxContact' } } });
    for (const [from, to] of [
      [before, mailboxes],
      [mailboxes, before],
    ] as const)
      expect(droppedRoutes(from, to, managed)).toMatchObject([{ path: '/routes/1/push/as', message: expect.stringContaining('12') }]);
    expect(droppedRoutes(before, mailboxes, {})).toEqual([]);
  });

  it('refuses another place for the stamps', () => {
    const faults = droppedRoutes(before, configured({ contoso: { stamp: 'customAttribute1' } }), managed);
    expect(faults).toMatchObject([
      { path: expect.stringMatching(/^\/connectors/), message: expect.stringMatching(/stillManages.*contoso.*12/) },
    ]);
  });
});
