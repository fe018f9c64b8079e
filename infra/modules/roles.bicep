metadata description = 'Who may do what on which resource: roles.json, nothing else.'

@description('Object id of the identity of the app.')
param principalId string

@description('Name of the storage account.')
param storageName string

@description('Name of the vault.')
param vaultName string

@description('Name of the Application Insights resource.')
param insightsName string

@description('Who may store secrets in the vault: object ids of users, groups or service principals.')
param secretsOfficers { id: string, type: ('User' | 'Group' | 'ServicePrincipal') }[]

var roles = loadJsonContent('../roles.json')
var onStorage = filter(roles.app, role => role.on == 'storage')
var onVault = filter(roles.app, role => role.on == 'vault')
var onInsights = filter(roles.app, role => role.on == 'insights')

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onStorage: {
    name: guid(storage.id, principalId, role.id)
    scope: storage
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.id)
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: role.why
    }
  }
]

resource vaultRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onVault: {
    name: guid(vault.id, principalId, role.id)
    scope: vault
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.id)
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: role.why
    }
  }
]

resource insightsRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onInsights: {
    name: guid(insights.id, principalId, role.id)
    scope: insights
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.id)
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: role.why
    }
  }
]

resource officers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for officer in secretsOfficers: {
    name: guid(vault.id, officer.id, roles.people[0].id)
    scope: vault
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.people[0].id)
      principalId: officer.id
      principalType: officer.type
      description: roles.people[0].why
    }
  }
]
