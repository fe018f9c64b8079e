/** A document of two directories, for tests: the smallest useful one of the reference, with changes laid over its parts. */
export function sampleDocument(changes: {
  readonly contoso?: object;
  readonly fabrikam?: object;
  readonly out?: object;
  readonly back?: object;
  readonly top?: object;
}): Record<string, unknown> {
  return {
    version: 1,
    connectors: [
      {
        id: 'contoso',
        kind: 'microsoft365',
        tenant: 'contoso.onmicrosoft.com',
        credential: { kind: 'clientSecret', clientId: '6f0f0a7e-0000-4000-8000-000000000001', secret: 'CONTOSO_SECRET' },
        ...changes.contoso,
      },
      {
        id: 'fabrikam',
        kind: 'googleWorkspace',
        domain: 'fabrikam.example',
        credential: { kind: 'serviceAccountKey', key: 'FABRIKAM_KEY', subject: 'galsync@fabrikam.example' },
        ...changes.fabrikam,
      },
    ],
    routes: [
      { id: 'contoso-to-fabrikam', from: 'contoso', to: 'fabrikam', ...changes.out },
      {
        id: 'fabrikam-to-contoso',
        from: 'fabrikam',
        to: 'contoso',
        push: { as: 'contact' },
        schedule: { cron: '0 3 * * *', timeZone: 'Europe/Paris' },
        ...changes.back,
      },
    ],
    ...changes.top,
  };
}
