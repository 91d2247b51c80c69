//! The door between Node.js and the engine.
