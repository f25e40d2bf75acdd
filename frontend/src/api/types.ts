/** Names for what the interface speaks of; their shapes are generated from its description. */
import type { components, operations } from './schema'

type Schemas = components['schemas']

export type Document = Schemas['Document']
/** In a list, with the passages that answer a search. */
export type DocumentInList = Schemas['DocumentInList']
export type DocumentStatus = Schemas['DocumentStatus']
export type DocumentEvent = Schemas['DocumentEvent']
export type DocumentPatch = Schemas['DocumentPatch']
export type TopicOfDocument = Schemas['TopicOfDocument']
export type Topic = Schemas['Topic']
export type NewTopic = Schemas['NewTopic']
export type TopicPatch = Schemas['TopicPatch']
/** What could be tidied up among the topics. */
export type TopicSuggestions = Schemas['TopicSuggestions']
export type TopicCluster = Schemas['TopicCluster']
export type Job = Schemas['Job']
export type JobState = Schemas['JobState']
export type ClassificationRun = Schemas['ClassificationRun']
/** Which documents a run sorts. */
export type Selection = Schemas['Selection']
export type Stats = Schemas['Stats']
export type About = Schemas['About']
export type Health = Schemas['Health']
export type HistoryEntry = Schemas['HistoryEntry']
export type Explanation = Schemas['Explanation']
/** What a list of documents can be asked. */
export type ListQuery = NonNullable<operations['list_documents']['parameters']['query']>

export const STATUSES = ['pending', 'processing', 'ready', 'needs_review', 'failed'] as const satisfies readonly DocumentStatus[]
