//! Tells the addon which target it is built for.

fn main() {
    napi_build::setup();
    let target = std::env::var("TARGET").expect("cargo sets TARGET for build scripts");
    println!("cargo:rustc-env=NF_TARGET={target}");
}
