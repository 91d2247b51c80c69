// Our side of the start-up time in `npm run bench:peer`: a fresh process that only forecasts from a checkpoint.
import { NeuralForecast } from '@neural-trader/backend'

const forecaster = await NeuralForecast.load(process.argv[2])
const { ds } = await forecaster.predict()
console.log(ds.length)
