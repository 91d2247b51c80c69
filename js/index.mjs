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
  KAN,
  LSTM,
  MLP,
  MLPMultivariate,
  NBEATS,
  NBEATSx,
  NHITS,
  NLinear,
  PatchTST,
  RLinear,
  RMoK,
  RNN,
  SOFTS,
  SOFTSSharp,
  StemGNN,
  TCN,
  TFT,
  TiDE,
  TimeLLM,
  TimeMixer,
  TimesNet,
  TimeXer,
  TSMixer,
  TSMixerx,
  VanillaTransformer,
  XLinear,
} = face
// end of generated models
