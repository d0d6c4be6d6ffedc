//! Reading exports from files and streams.
