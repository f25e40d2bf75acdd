//! A TCP proxy in front of a store, so that a test can take the store away and give it back.

use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the way to the store is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
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
        tokio::select! {
            _ = tokio::io::copy_bidirectional(client, &mut store) => return,
            _ = way.wait_for(|way| *way == Way::Stalled) => {}
        }
    }
    // An error says that the proxy is gone, which ends this as well.
    let _ = way.wait_for(|way| *way != Way::Stalled).await;
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
