/** Warp and weft. */
export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true" strokeLinecap="round">
      <path d="M5 2v20M12 2v6M12 11v11M19 2v20" stroke="var(--accent)" strokeWidth="2.6" />
      <path d="M2 9.5h6M10 9.5h12M2 16.5h20" stroke="var(--ink)" strokeWidth="2.6" opacity="0.85" />
    </svg>
  );
}
