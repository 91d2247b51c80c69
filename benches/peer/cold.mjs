// Our side of the start in `npm run bench:peer`: what a fresh process does to forecast from a checkpoint, and nothing else.
import { NeuralForecast } from '@neural-trader/backend'

const forecaster = await NeuralForecast.load(process.argv[2])
const { ds } = await forecaster.predict()
console.log(ds.length)
