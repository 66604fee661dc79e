//! TCP streams and codecs of Greenroom, over the runtime's traits.
