import common from './common.json'
import documents from './documents.json'
import overview from './overview.json'
import problem from './problem.json'
import review from './review.json'
import topics from './topics.json'
import trash from './trash.json'
import upload from './upload.json'

export default { common, documents, overview, problem, review, topics, trash, upload }
