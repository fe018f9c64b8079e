metadata description = 'App Service authentication: no request without a token of this tenant reaches the app, except the health route.'

@description('Name of the function app.')
param siteName string

@description('Client id of the application registration whose app roles are Reader, Operator, Approver and Agent.')
@minLength(36)
@maxLength(36)
param clientId string

@description('Tenant whose users and applications may call.')
param tenantId string

@description('Client ids of the applications through which calls may come. Empty: any of the tenant; the app roles decide in any case.')
param callingApplications string[]

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: siteName

  resource authentication 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true, runtimeVersion: '~1' }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
        excludedPaths: ['/api/health']
      }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: clientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
          }
          validation: {
            allowedAudiences: ['api://${clientId}', clientId]
            defaultAuthorizationPolicy: empty(callingApplications)
              ? null
              : { allowedApplications: callingApplications }
          }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
  }
}
