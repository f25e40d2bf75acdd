//! A TCP proxy in front of a store, so that a test can take the store away, spoil the way to it, and give it back.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// The most that is carried at once, in bytes.
const PIECE: usize = 64 * 1024;

/// How the way to the store is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Each piece comes so much later.
    Slow(Duration),
    /// Each connection carries so many bytes more, and breaks.
    Short(u64),
    /// Connections stand, and nothing flows.
    Stalled,
    Cut,
}

/// A way to a store that can be cut.
pub struct Proxy {
    pub address: SocketAddr,
    way: watch::Sender<Way>,
}

impl Proxy {
    /// A proxy in front of `target` (HOST:PORT).
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (way, state) = watch::channel(Way::Open);
        let target = target.to_owned();
        tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { return };
                if *state.borrow() == Way::Cut {
                    continue; // Closed at once.
                }
                tokio::spawn(carry(client, target.clone(), state.clone()));
            }
        });
        Self { address, way }
    }

    /// Breaks every connection, and takes no new one.
    pub fn cut(&self) {
        self.way.send_replace(Way::Cut);
    }

    /// Takes connections, and lets nothing through.
    pub fn stall(&self) {
        self.way.send_replace(Way::Stalled);
    }

    /// Lets every piece wait for so long.
    pub fn delay(&self, by: Duration) {
        self.way.send_replace(Way::Slow(by));
    }

    /// Lets each connection, also a new one, carry so many bytes in all, and breaks it in the middle of what follows.
    pub fn truncate(&self, after: u64) {
        self.way.send_replace(Way::Short(after));
    }

    /// Lets everything through again.
    pub fn mend(&self) {
        self.way.send_replace(Way::Open);
    }
}

async fn carry(mut client: TcpStream, target: String, mut way: watch::Receiver<Way>) {
    tokio::select! {
        () = carry_while_open(&mut client, target, way.clone()) => {}
        _ = way.wait_for(|way| *way == Way::Cut) => {}
    }
}

/// Carries on from stall to stall: a stalled connection is not carried further, but held until the way is cut or
/// mended, and closed then.
async fn carry_while_open(client: &mut TcpStream, target: String, mut way: watch::Receiver<Way>) {
    let stalled = *way.borrow() == Way::Stalled;
    if !stalled {
        let Ok(mut store) = TcpStream::connect(target).await else { return };
        let carried = AtomicU64::new(0);
        let (from_client, to_client) = client.split();
        let (from_store, to_store) = store.split();
        let both = async {
            tokio::try_join!(
                pump(from_client, to_store, way.clone(), &carried),
                pump(from_store, to_client, way.clone(), &carried)
            )
        };
        let mut stalls = way.clone();
        tokio::select! {
            _ = both => return,
            _ = stalls.wait_for(|way| *way == Way::Stalled) => {}
        }
    }
    // An error says that the proxy is gone, which ends this as well.
    let _ = way.wait_for(|way| *way != Way::Stalled).await;
}

/// Carries one direction to its end. `carried` counts what both directions of the connection have carried since the way
/// became short.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: watch::Receiver<Way>,
    carried: &AtomicU64,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        let now = *way.borrow();
        match now {
            Way::Slow(by) => sleep(by).await,
            Way::Short(most) => {
                let room = most.saturating_sub(carried.fetch_add(length as u64, Ordering::Relaxed));
                if room < length as u64 {
                    to.write_all(&piece[..usize::try_from(room).unwrap_or(length)]).await?;
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
            }
            _ => carried.store(0, Ordering::Relaxed),
        }
        to.write_all(&piece[..length]).await?;
    }
}

/// `url` with the proxy's address in place of its own.
pub fn through(url: &str, proxy: &Proxy) -> String {
    let mut url = url::Url::parse(url).expect("a URL");
    url.set_ip_host(proxy.address.ip()).expect("a host can be set");
    url.set_port(Some(proxy.address.port())).expect("a port can be set");
    url.as_str().trim_end_matches('/').to_owned()
}

/// HOST:PORT of a URL.
pub fn target_of(url: &str) -> String {
    let url = url::Url::parse(url).expect("a URL");
    format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"))
}
