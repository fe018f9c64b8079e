metadata description = 'The Flex Consumption app and all of its settings: they are named here and nowhere else.'

@description('Name of the function app; part of its address.')
param name string

@description('Name of the plan; Flex Consumption has one app for each.')
param planName string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Resource id of the identity of the app.')
param identityId string

@description('Client id of the identity of the app.')
param identityClientId string

@description('Blob container of the deployed package.')
param deploymentContainerUrl string

@description('Address of each storage service.')
param storageServices { blob: string, queue: string, table: string }

@description('Address of the Key Vault.')
param vaultAddress string

@description('Name of the Application Insights resource.')
param insightsName string

@description('Name of the task hub of Durable Functions. Changed later, running jobs are lost.')
@minLength(3)
@maxLength(45)
param taskHubName string

@description('Hosts besides the vendors\' own that connectors may name as endpoints.')
param endpointHosts string[]

@description('Memory of one instance in MB. host.json allows 8 activities at a time for 2048.')
@allowed([2048, 4096])
param instanceMemoryMB int

@description('How many instances there may be at most.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@description('Instances kept warm for jobs. 0: none, a job then starts some seconds later after a time of rest.')
@minValue(0)
@maxValue(10)
param warmInstances int

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds the app by this tag.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'node', version: '22' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: warmInstances > 0 ? [{ name: 'durable', instanceCount: warmInstances }] : []
      }
    }
  }

  // Saving these replaces every setting that was made by hand: secrets belong into the vault.
  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identityClientId
      AzureWebJobsStorage__blobServiceUri: storageServices.blob
      AzureWebJobsStorage__queueServiceUri: storageServices.queue
      AzureWebJobsStorage__tableServiceUri: storageServices.table
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      // Which identity the Azure libraries take: the app has no system-assigned one.
      AZURE_CLIENT_ID: identityClientId
      TASKHUB_NAME: taskHubName
      KEY_VAULT_URI: vaultAddress
      GALSYNC_ENDPOINT_HOSTS: join(endpointHosts, ' ')
    }
  }
}

@description('Name of the function app.')
output name string = site.name

@description('Address of the app.')
output url string = 'https://${site.properties.defaultHostName}'
