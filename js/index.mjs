// The public API for ES modules: the same objects as for CommonJS.
import face from './index.js'

export const { NeuralForecast, NeuralForecastError, loss, models, readCsv, configure, runtimeInfo } = face
// generated: models (scripts/generate-types.mjs)
export const {
  Autoformer,
  BiTCN,
  DeepAR,
  DeepNPTS,
  DilatedRNN,
  DLinear,
  FEDformer,
  GRU,
  Informer,
  iTransformer,
  LSTM,
  MLP,
  MLPMultivariate,
  NBEATS,
  NBEATSx,
  NHITS,
  NLinear,
  PatchTST,
  RLinear,
  RNN,
  SOFTS,
  SOFTSSharp,
  StemGNN,
  TCN,
  TFT,
  TiDE,
  TimeLLM,
  TimeMixer,
  TimeXer,
  TSMixer,
  TSMixerx,
  VanillaTransformer,
  XLinear,
  HINT,
} = face
// end of generated models
