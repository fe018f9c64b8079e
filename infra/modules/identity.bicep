metadata description = 'The one identity that the app uses for storage, secrets, logs and, with federated credentials, for the directories.'

@description('Name of the user-assigned identity.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags { *: string }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id of the identity.')
output id string = identity.id

@description('Client id: what the app names when it asks for a token.')
output clientId string = identity.properties.clientId

@description('Object id: what roles are given to.')
output principalId string = identity.properties.principalId

@description('Issuer of the tokens of the identity: the issuer of federated credentials.')
output issuer string = '${environment().authentication.loginEndpoint}${identity.properties.tenantId}/v2.0'
