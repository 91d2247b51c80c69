// The public API for ES modules: the same objects as for CommonJS.
import face from './index.js'

export const { NeuralForecast, NeuralForecastError, loss, models, readCsv, configure, runtimeInfo } = face
// generated: models (scripts/generate-types.mjs)
export const {
  BiTCN,
  DeepAR,
  DeepNPTS,
  DilatedRNN,
  DLinear,
  GRU,
  LSTM,
  MLP,
  MLPMultivariate,
  NBEATS,
  NBEATSx,
  NHITS,
  NLinear,
  RLinear,
  RNN,
  TCN,
  TFT,
  TiDE,
  TSMixer,
  TSMixerx,
} = face
// end of generated models
