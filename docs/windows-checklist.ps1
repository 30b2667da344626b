#requires -Version 2.0
<#
.SYNOPSIS
Walks the lines of docs/windows-checklist.md that a script can walk, on a real Windows, and asks about the others.

.DESCRIPTION
Written for PowerShell 2.0 to 5.1 (Windows 7 to 11, Server 2008 R2 to 2025, with or without desktop). It does nothing to
the machine unless told to: -Install installs and removes the MSI, -MakeAccounts makes local accounts and removes them
again, -Ask asks what only a person can see. It never arms.

The report has a line for each check: PASS, FAIL, SKIP (with why), LOOK (for a person). Exit code: how many failed.

.PARAMETER Program
The folder of TrasaCP.dll, TrasaConfig.exe and logon-host.exe; found in Program Files when absent.

.PARAMETER Installer
TrasaWin.msi. With -Install it is installed silently, repaired and removed, with pictures of the registry before and after.

.PARAMETER Report
Where the report goes. Beside it stands a folder of the same name with pictures and logs.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File windows-checklist.ps1 -Report C:\trasa-checklist.txt

.EXAMPLE
powershell -ExecutionPolicy Bypass -File windows-checklist.ps1 -Installer .\TrasaWin.msi -Install -MakeAccounts -Ask
#>
param(
    [string]$Program = '',
    [string]$Installer = '',
    [switch]$Install,
    [switch]$MakeAccounts,
    [switch]$Ask,
    [string]$Report = (Join-Path $env:TEMP 'trasa-checklist.txt')
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$Provider = '{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}'
$Filter = '{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E2}'
$Authentication = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication'
$Folder = $Report -replace '\.[^.\\]*$', ''
$script:Failed = 0

# --- the report ---------------------------------------------------------------------------------------------------

function Write-Line([string]$Text) {
    Write-Host $Text
    Add-Content -Path $Report -Value $Text -Encoding UTF8
}

function Add-Result([string]$Word, [string]$Line, [string]$Text) {
    if ($Word -eq 'FAIL') { $script:Failed++ }
    Write-Line ('{0,-4} {1,-4} {2}' -f $Word, $Line, $Text)
}

# Runs a check. What it returns is the text of a PASS; 'SKIP: why' and 'LOOK: what' are those; what it throws is a FAIL.
function Test-Line([string]$Line, [string]$What, [scriptblock]$Check) {
    try {
        $said = [string](& $Check)
        if ($said -like 'SKIP: *') { Add-Result 'SKIP' $Line "$What - $($said.Substring(6))" }
        elseif ($said -like 'LOOK: *') { Add-Result 'LOOK' $Line "$What - $($said.Substring(6))" }
        else { Add-Result 'PASS' $Line "$What - $said" }
    }
    catch {
        Add-Result 'FAIL' $Line "$What - $($_.Exception.Message)"
    }
}

function Get-Value([string]$Key, [string]$Name) {
    if (-not (Test-Path -LiteralPath $Key)) { return $null }
    return (Get-Item -LiteralPath $Key).GetValue($Name)
}

# Starts a program, waits, and returns its exit code and what it printed.
function Invoke-Program([string]$File, [string]$Arguments, [int]$Seconds = 120) {
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = $File
    $start.Arguments = $Arguments
    $start.UseShellExecute = $false
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardInput = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $process.StandardInput.Close()
    $text = $process.StandardOutput.ReadToEnd()
    if (-not $process.WaitForExit($Seconds * 1000)) {
        $process.Kill()
        throw "$File took longer than $Seconds s"
    }
    return New-Object PSObject -Property @{ Code = $process.ExitCode; Text = $text }
}

# --- what .NET lacks ----------------------------------------------------------------------------------------------

Add-Type -TypeDefinition @'
using System;
using System.Diagnostics;
using System.Runtime.InteropServices;

public static class TrasaChecklist
{
    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern IntPtr LoadLibraryW(string file);
    [DllImport("kernel32.dll")]
    static extern bool FreeLibrary(IntPtr module);
    [DllImport("kernel32.dll", CharSet = CharSet.Ansi)]
    static extern IntPtr GetProcAddress(IntPtr module, string name);
    [DllImport("kernel32.dll", CharSet = CharSet.Unicode)]
    static extern IntPtr GetModuleHandleW(string file);
    [DllImport("kernel32.dll")]
    static extern bool CloseHandle(IntPtr handle);
    [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern bool LogonUserW(string user, string domain, string password, int type, int provider, out IntPtr token);

    [UnmanagedFunctionPointer(CallingConvention.StdCall)]
    delegate int GetClassObject(ref Guid clsid, ref Guid iid, out IntPtr factory);
    [UnmanagedFunctionPointer(CallingConvention.StdCall)]
    delegate int CanUnloadNow();

    // LOGON32_LOGON_INTERACTIVE; the answer is the Win32 code.
    public static int Logon(string user, string domain, string password)
    {
        IntPtr token;
        if (LogonUserW(user, domain, password, 2, 0, out token)) { CloseHandle(token); return 0; }
        return Marshal.GetLastWin32Error();
    }

    // Loads the DLL, gets a class factory, lets it go, unloads. Milliseconds of the load and kilobytes of working set.
    public static string Load(string file, string clsid)
    {
        Process self = Process.GetCurrentProcess();
        long before = self.WorkingSet64;
        Stopwatch clock = Stopwatch.StartNew();
        IntPtr module = LoadLibraryW(file);
        int error = Marshal.GetLastWin32Error();
        double milliseconds = clock.Elapsed.TotalMilliseconds;
        if (module == IntPtr.Zero) throw new Exception("LoadLibrary: " + error);
        IntPtr entry = GetProcAddress(module, "DllGetClassObject");
        IntPtr unload = GetProcAddress(module, "DllCanUnloadNow");
        if (entry == IntPtr.Zero || unload == IntPtr.Zero) throw new Exception("an export is missing");
        GetClassObject get = (GetClassObject)Marshal.GetDelegateForFunctionPointer(entry, typeof(GetClassObject));
        CanUnloadNow can = (CanUnloadNow)Marshal.GetDelegateForFunctionPointer(unload, typeof(CanUnloadNow));
        Guid id = new Guid(clsid), factoryId = new Guid("00000001-0000-0000-C000-000000000046");
        IntPtr factory;
        int result = get(ref id, ref factoryId, out factory);
        if (result != 0) throw new Exception("DllGetClassObject: 0x" + result.ToString("X8"));
        self.Refresh();
        long after = self.WorkingSet64;
        Marshal.Release(factory);
        int unloadable = can();
        if (unloadable != 0) throw new Exception("DllCanUnloadNow: 0x" + unloadable.ToString("X8"));
        FreeLibrary(module);
        bool gone = GetModuleHandleW(file) == IntPtr.Zero;
        if (!gone) throw new Exception("it is still loaded");
        return milliseconds.ToString("0.0") + " ms, working set +" + ((after - before) / 1024) + " kB, unloaded";
    }
}
'@

# --- begin --------------------------------------------------------------------------------------------------------

if (Test-Path -LiteralPath $Report) { Remove-Item -LiteralPath $Report }
if (-not (Test-Path -LiteralPath $Folder)) { [void](New-Item -ItemType Directory -Path $Folder) }
$identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
$principal = New-Object System.Security.Principal.WindowsPrincipal($identity)
$elevated = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
$system = Get-WmiObject Win32_OperatingSystem
$computer = Get-WmiObject Win32_ComputerSystem
$version = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'

Write-Line 'TRASA for Windows: docs/windows-checklist.md on a real Windows'
Write-Line ("date          {0:yyyy-MM-dd HH:mm}" -f (Get-Date))
Write-Line ("Windows       {0} {1}, build {2}.{3}" -f $system.Caption, $system.OSArchitecture, $system.Version, (Get-Value $version 'UBR'))
Write-Line ("installation  {0}, edition {1}" -f (Get-Value $version 'InstallationType'), (Get-Value $version 'EditionID'))
Write-Line ("machine       joined to a domain: {0}; PowerShell {1}; elevated: {2}" -f $computer.PartOfDomain, $PSVersionTable.PSVersion, $elevated)
Write-Line ''

if (-not $elevated) { Write-Line 'Not elevated: much is skipped. Start it from an elevated prompt.' }
if ($Install -and -not $Installer) { throw '-Install needs -Installer' }

# --- the installer ------------------------------------------------------------------------------------------------

# What an installation may touch, as text that can be compared.
function Get-Picture {
    $lines = @()
    foreach ($key in "$Authentication\Credential Providers", "$Authentication\Credential Provider Filters",
        'HKLM:\SOFTWARE\TRASA', 'HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Application\TRASA',
        "HKLM:\SOFTWARE\Classes\CLSID\$Provider", "HKLM:\SOFTWARE\Classes\CLSID\$Filter") {
        if (-not (Test-Path -LiteralPath $key)) { continue }
        foreach ($item in @(Get-Item -LiteralPath $key) + @(Get-ChildItem -LiteralPath $key -Recurse)) {
            foreach ($name in $item.GetValueNames()) { $lines += "$($item.Name) [$name] = $($item.GetValue($name))" }
            $lines += $item.Name
        }
    }
    foreach ($path in (Join-Path $env:ProgramFiles 'TRASA'), (Join-Path $env:ProgramData 'Microsoft\Windows\Start Menu\Programs'),
        (Join-Path $env:SystemRoot 'System32\Tasks')) {
        if (Test-Path -LiteralPath $path) {
            foreach ($item in Get-ChildItem -LiteralPath $path -Recurse) {
                if ($item.FullName -like '*TRASA*') { $lines += $item.FullName }
            }
        }
    }
    return @($lines | Sort-Object)
}

function Invoke-Msi([string]$Arguments, [string]$Log) {
    $process = Start-Process -FilePath msiexec.exe -ArgumentList "$Arguments /qn /norestart /l*v `"$Log`"" -Wait -PassThru
    return $process.ExitCode
}

$before = @()
if ($Install -and $elevated) {
    $before = Get-Picture
    Test-Line 'M1' 'a silent installation succeeds and asks for no restart' {
        $code = Invoke-Msi "/i `"$Installer`"" (Join-Path $Folder 'install.log')
        if ($code -ne 0) { throw "msiexec ended with $code (3010 means: restart); see install.log" }
        'exit 0'
    }
    Test-Line 'M2' 'other providers and filters are as they were' {
        $theirs = { param($lines) @($lines | Where-Object { $_ -like '*Credential Provider*' -and $_ -notlike '*7B1F3C52*' }) }
        $changed = Compare-Object (@('') + (& $theirs $before)) (@('') + (& $theirs (Get-Picture)))
        if ($changed) { throw ($changed | Out-String) }
        'nothing changed'
    }
    Test-Line 'M3' 'a repair mends the registration' {
        Remove-Item -LiteralPath "$Authentication\Credential Provider Filters\$Filter" -Recurse
        $code = Invoke-Msi "/fa `"$Installer`"" (Join-Path $Folder 'repair.log')
        if ($code -ne 0) { throw "msiexec ended with $code" }
        if (-not (Test-Path -LiteralPath "$Authentication\Credential Provider Filters\$Filter")) { throw 'the filter is still missing' }
        'the filter is back'
    }
}

# --- the files ----------------------------------------------------------------------------------------------------

if (-not $Program) {
    $registered = Get-Value "HKLM:\SOFTWARE\Classes\CLSID\$Provider\InprocServer32" ''
    if ($registered) { $Program = Split-Path -Parent $registered }
}
$dll = ''
if ($Program) { $dll = Join-Path $Program 'TrasaCP.dll' }
$hasProgram = [bool]($dll -and (Test-Path -LiteralPath $dll))
if (-not $hasProgram) { Write-Line 'TrasaCP.dll is not there: -Program names its folder, -Installer and -Install bring it.' }

function Need-Program { if (-not $hasProgram) { 'SKIP: no TrasaCP.dll' } }
function Need-Elevation { if (-not $elevated) { 'SKIP: not elevated' } }

if ($hasProgram) {
    foreach ($name in 'TrasaCP.dll', 'TrasaConfig.exe', 'logon-host.exe') {
        $file = Join-Path $Program $name
        if (Test-Path -LiteralPath $file) {
            $info = (Get-Item -LiteralPath $file)
            Write-Line ('file          {0} {1}, {2} bytes' -f $name, $info.VersionInfo.FileVersion, $info.Length)
        }
    }
}

Test-Line 'W12' 'the DLL loads, gives a class and unloads' {
    $skip = Need-Program; if ($skip) { return $skip }
    if ([IntPtr]::Size -ne 8) { return 'SKIP: a 32-bit PowerShell cannot load it' }
    [TrasaChecklist]::Load($dll, $Provider)
}

Test-Line 'W12' 'TLS 1.2 is there for WinHTTP' {
    if ([Environment]::OSVersion.Version -ge (New-Object Version 6, 2)) { return 'built in from Windows 8 on' }
    $update = Get-WmiObject Win32_QuickFixEngineering | Where-Object { $_.HotFixID -eq 'KB3140245' }
    if (-not $update) { throw 'KB3140245 is not installed: without it Windows 7 speaks TLS 1.0 only' }
    'KB3140245 is installed'
}

Test-Line 'W1' 'provider and filter are registered with this DLL' {
    $skip = Need-Program; if ($skip) { return $skip }
    foreach ($clsid in $Provider, $Filter) {
        $file = Get-Value "HKLM:\SOFTWARE\Classes\CLSID\$clsid\InprocServer32" ''
        if ($file -ne $dll) { throw "$clsid is registered with '$file'" }
    }
    foreach ($key in "Credential Providers\$Provider", "Credential Provider Filters\$Filter") {
        if (-not (Test-Path -LiteralPath "$Authentication\$key")) { throw "$key is missing" }
    }
    'both'
}

Test-Line 'W15' 'which other providers and filters there are' {
    $names = @()
    foreach ($list in 'Credential Providers', 'Credential Provider Filters', 'PLAP Providers') {
        if (-not (Test-Path -LiteralPath "$Authentication\$list")) { continue }
        foreach ($item in Get-ChildItem -LiteralPath "$Authentication\$list") {
            $clsid = $item.PSChildName
            if ($clsid -eq $Provider -or $clsid -eq $Filter) { continue }
            $file = Get-Value "HKLM:\SOFTWARE\Classes\CLSID\$clsid\InprocServer32" ''
            $names += "$list`: $($item.GetValue('')) $clsid $file"
        }
    }
    Set-Content -Path (Join-Path $Folder 'providers.txt') -Value $names
    "LOOK: $($names.Count) of them, listed in providers.txt; armed, none of the first two kinds may show at the logon"
}

# --- the program --------------------------------------------------------------------------------------------------

$config = ''
if ($Program) { $config = Join-Path $Program 'TrasaConfig.exe' }

Test-Line 'V1' 'TrasaConfig verify finds everything in order' {
    $skip = Need-Program; if ($skip) { return $skip }
    $skip = Need-Elevation; if ($skip) { return $skip }
    $said = Invoke-Program $config 'verify'
    Set-Content -Path (Join-Path $Folder 'verify.txt') -Value $said.Text
    $state = (Invoke-Program $config 'show').Text
    if ($said.Code -ne 0 -and $state -match 'not configured|absent') { return 'SKIP: not configured yet; see verify.txt' }
    if ($said.Code -ne 0) { throw "exit $($said.Code): see verify.txt and TrasaConfig verify --help" }
    'exit 0'
}

Test-Line 'W24' 'verify lets go of the DLL' {
    $skip = Need-Program; if ($skip) { return $skip }
    $skip = Need-Elevation; if ($skip) { return $skip }
    [void](Invoke-Program $config 'verify')
    # Nobody else has it open if it can be had alone.
    $stream = [System.IO.File]::Open($dll, 'Open', 'ReadWrite', 'None')
    $stream.Close()
    'the file can be replaced'
}

Test-Line 'V2' 'without elevation TrasaConfig says that it needs it' {
    $skip = Need-Program; if ($skip) { return $skip }
    if ($elevated) { return 'SKIP: this prompt is elevated' }
    $said = Invoke-Program $config 'verify'
    if ($said.Code -ne 4) { throw "exit $($said.Code)" }
    'exit 4'
}

Test-Line 'W37' 'a command is waited for; a file, a pipe and the exit code get what they should' {
    $skip = Need-Program; if ($skip) { return $skip }
    $file = Join-Path $Folder 'version.txt'
    & cmd.exe /c "`"`"$config`" --version > `"$file`"`""
    if ($LASTEXITCODE -ne 0) { throw "exit $LASTEXITCODE into a file" }
    if (-not (Select-String -LiteralPath $file -Pattern 'TrasaConfig' -Quiet)) { throw 'nothing came into the file' }
    if (-not (& $config --version | Select-String 'TrasaConfig' -Quiet)) { throw 'nothing came through a pipe' }
    $ErrorActionPreference = 'Continue'
    & cmd.exe /c "`"`"$config`" no-such-command >nul 2>&1`""
    if ($LASTEXITCODE -ne 2) { throw "exit $LASTEXITCODE for a command that does not exist" }
    'as they should'
}

Test-Line 'W11' 'plain users have no access to the configuration' {
    $data = Join-Path $env:ProgramData 'TRASA'
    if (-not (Test-Path -LiteralPath $data)) { return 'SKIP: not configured yet' }
    $skip = Need-Elevation; if ($skip) { return $skip }
    foreach ($item in @(Get-Item -LiteralPath $data) + @(Get-ChildItem -LiteralPath $data -Recurse)) {
        $acl = Get-Acl -Path $item.FullName
        foreach ($rule in $acl.GetAccessRules($true, $true, [System.Security.Principal.SecurityIdentifier])) {
            $sid = $rule.IdentityReference.Value
            if ($sid -ne 'S-1-5-18' -and $sid -ne 'S-1-5-32-544') { throw "$($item.FullName): $sid may $($rule.FileSystemRights)" }
        }
    }
    if (-not (Get-Acl -Path $data).AreAccessRulesProtected) { throw 'inheritance is on' }
    'SYSTEM and Administrators only, inheritance off'
}

Test-Line 'W29' 'Windows starts the report task' {
    $skip = Need-Elevation; if ($skip) { return $skip }
    $query = Invoke-Program (Join-Path $env:SystemRoot 'System32\schtasks.exe') '/query /tn \TRASA\Report /v /fo list'
    if ($query.Code -ne 0) { return 'SKIP: there is no task \TRASA\Report' }
    $run = Invoke-Program (Join-Path $env:SystemRoot 'System32\schtasks.exe') '/run /tn \TRASA\Report'
    if ($run.Code -ne 0) { throw 'schtasks /run refused' }
    Start-Sleep -Seconds 20
    $query = Invoke-Program (Join-Path $env:SystemRoot 'System32\schtasks.exe') '/query /tn \TRASA\Report /v /fo list'
    Set-Content -Path (Join-Path $Folder 'task.txt') -Value $query.Text
    'LOOK: it was started; task.txt has its last result (0: the server heard it; 1: not configured; 3: no server)'
}

Test-Line 'W19' 'events of source TRASA have texts' {
    if (-not (Test-Path -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Application\TRASA')) { return 'SKIP: the source is not registered' }
    $events = @(Get-EventLog -LogName Application -Source TRASA -Newest 5 -ErrorAction SilentlyContinue)
    if ($events.Count -eq 0) { return 'SKIP: no event yet' }
    foreach ($entry in $events) {
        if ($entry.Message -like '*description for Event ID*cannot be found*') { throw "event $($entry.EventID) has no text" }
    }
    "the newest: $($events[0].Message)"
}

# --- the tile in the logon host, on this Windows --------------------------------------------------------------------

Test-Line 'W30' 'the logon host walks step 1 and draws it with this Windows'' own font' {
    $skip = Need-Program; if ($skip) { return $skip }
    $hostProgram = Join-Path $Program 'logon-host.exe'
    if (-not (Test-Path -LiteralPath $hostProgram)) { return 'SKIP: no logon-host.exe' }
    $world = Join-Path $Folder 'world.json'
    $walk = Join-Path $Folder 'walk.txt'
    Set-Content -Path $world -Encoding ASCII -Value '{"accounts": [{"domain": ".", "name": "anna", "password": "right horse"}]}'
    Set-Content -Path $walk -Encoding ASCII -Value "start", "list", "picture step-1"
    $pictures = Join-Path $Folder 'pictures'
    $arguments = "--clsid $Provider --dll `"$dll`" --scenario logon --world `"$world`" --script `"$walk`" --png `"$pictures`""
    $said = Invoke-Program $hostProgram $arguments
    Set-Content -Path (Join-Path $Folder 'logon-host.txt') -Value $said.Text
    if ($said.Code -ne 0) { throw "exit $($said.Code), see logon-host.txt" }
    if (-not (Test-Path -LiteralPath (Join-Path $pictures 'step-1.png'))) { return 'LOOK: walked; no tile, as it must be where the machine is not armed (E_NOTIMPL in logon-host.txt)' }
    'LOOK: compare pictures\step-1.png with the tile at the real logon'
}

# --- accounts -----------------------------------------------------------------------------------------------------

# A password that every policy takes.
function New-Password { 'Tr-' + [Guid]::NewGuid().ToString('N').Substring(0, 9) + '-9' }

function Invoke-Net([string]$Arguments) {
    $said = Invoke-Program (Join-Path $env:SystemRoot 'System32\net.exe') $Arguments
    if ($said.Code -ne 0) { throw "net $($Arguments.Split(' ')[0..1] -join ' ') failed" }
}

Test-Line 'W8' 'LogonUserW says why, for accounts of each kind' {
    if (-not $MakeAccounts) { return 'SKIP: without -MakeAccounts' }
    $skip = Need-Elevation; if ($skip) { return $skip }
    if ($computer.DomainRole -ge 4) { return 'SKIP: a domain controller has no local accounts' }
    $password = New-Password
    $name = 'trasa-check'
    # What is done to the account, the password that is tried, and the codes that count as expected.
    $cases = @(
        @('right password', '', $password, @(0)),
        @('wrong password', '', 'not this one', @(1326)),
        @('must change', "user $name /logonpasswordchg:yes", $password, @(1907)),
        @('disabled', "user $name /active:no", $password, @(1331)),
        @('account expired', "user $name /expires:01/02/2001", $password, @(1793)),
        @('outside its hours', "user $name /times:", $password, @(1328))
    )
    $seen = @()
    foreach ($case in $cases) {
        Invoke-Net "user $name $password /add /y"
        try {
            if ($case[1]) {
                try { Invoke-Net $case[1] } catch { $seen += "$($case[0]): could not be prepared"; continue }
            }
            $code = [TrasaChecklist]::Logon($name, '.', $case[2])
            if ($case[3] -notcontains $code) { throw "$($case[0]): $code instead of $($case[3] -join ' or ')" }
            $seen += "$($case[0]): $code"
        }
        finally { Invoke-Net "user $name /delete" }
    }
    $seen -join ', '
}

Test-Line 'W11' 'a plain user cannot open the configuration' {
    if (-not $MakeAccounts) { return 'SKIP: without -MakeAccounts' }
    $skip = Need-Elevation; if ($skip) { return $skip }
    $file = Join-Path $env:ProgramData 'TRASA\agent.json'
    if (-not (Test-Path -LiteralPath $file)) { return 'SKIP: not configured yet' }
    if ($computer.DomainRole -ge 4) { return 'SKIP: a domain controller has no local accounts' }
    $password = New-Password
    Invoke-Net "user trasa-check $password /add /y"
    try {
        $secret = New-Object System.Security.SecureString
        foreach ($letter in $password.ToCharArray()) { $secret.AppendChar($letter) }
        $start = New-Object System.Diagnostics.ProcessStartInfo
        $start.FileName = Join-Path $env:SystemRoot 'System32\cmd.exe'
        $start.Arguments = "/c type `"$file`""
        $start.WorkingDirectory = $env:SystemRoot
        $start.UseShellExecute = $false
        $start.UserName = 'trasa-check'
        $start.Domain = $env:COMPUTERNAME
        $start.Password = $secret
        $process = [System.Diagnostics.Process]::Start($start)
        $process.WaitForExit()
        if ($process.ExitCode -eq 0) { throw 'a plain user read agent.json' }
        'refused'
    }
    finally { Invoke-Net 'user trasa-check /delete' }
}

# --- what only a person sees ----------------------------------------------------------------------------------------

$byHand = @(
    @('W1', 'Arm, sign out. The tile is there and every other way to sign in is gone.'),
    @('W2', 'Sign in with a code: "Asking the TRASA server..." is seen, and the session opens.'),
    @('W3', 'Lock and unlock: your name is filled in.'),
    @('W4', 'Both of these logons were accepted without Windows'' own error.'),
    @('W5', 'Remote Desktop, once with a saved and once with a typed password: the tile opens at step 2.'),
    @('W7', 'Domain machine, cable out: the password is checked all the same, and step 2 comes.'),
    @('W13', 'Server stopped, sign in: the screen stays alive, Cancel works at once.'),
    @('W14', 'Narrator on: it reads user name, password, step 2, the code field, a refusal.'),
    @('W15', 'Armed: no PIN, face, picture or smart card at the logon; a VPN before logon is still there.'),
    @('W16', 'A standard user elevates something: the tile asks. mstsc''s own question does not show it.'),
    @('W18', 'Safe mode: Windows'' own password logon.'),
    @('W20', 'Install the next version, sign out: the new version signs in, no restart, still armed.'),
    @('W21', 'After safe mode and an ordinary start: trasa-server audit list tells of it.'),
    @('W22', 'TrasaConfig try checks the password, at the console and in a remote session.'),
    @('W23', 'What is typed there is not seen, and a password with other letters than ASCII is right.'),
    @('W25', 'With another product''s provider installed: TrasaConfig check names it and arming is refused.'),
    @('W26', 'After an in-place upgrade of Windows: TrasaConfig verify still finds the ACL right.'),
    @('W27', 'Server Core: the tile is there, both steps work, also over Remote Desktop.'),
    @('W28', 'At 100, 150 and 200 percent: nothing is cut off, the image is sharp enough.'),
    @('W31', 'While Connect runs: which is seen, the tile''s labels, the status, or both? The push number must be.'),
    @('W32', 'After a wrong code: the message stands alone with OK, then the tile with the message below the field.'),
    @('W33', 'A password that must be changed: asked for after the code, and Windows signs in with it.'),
    @('W34', 'The panel: elevation asks, Alt keys reach every field, Narrator names them, sharp at 200 percent.'),
    @('W35', 'The installer''s last page starts the panel.')
)
foreach ($line in $byHand) {
    if ($Ask) {
        $answer = Read-Host "$($line[0]) $($line[1]) [y/n/s]"
        if ($answer -like 'y*') { Add-Result 'PASS' $line[0] "$($line[1]) (seen)" }
        elseif ($answer -like 'n*') { Add-Result 'FAIL' $line[0] "$($line[1]) What was seen: $(Read-Host 'What was seen instead')" }
        else { Add-Result 'SKIP' $line[0] $line[1] }
    }
    else { Add-Result 'LOOK' $line[0] $line[1] }
}

# --- the end --------------------------------------------------------------------------------------------------------

if ($Install -and $elevated) {
    Test-Line 'M4' 'a removal leaves Windows as it was' {
        $code = Invoke-Msi "/x `"$Installer`"" (Join-Path $Folder 'remove.log')
        if ($code -ne 0) { throw "msiexec ended with $code" }
        $left = Compare-Object (@('') + $before) (@('') + (Get-Picture))
        if ($left) {
            Set-Content -Path (Join-Path $Folder 'left.txt') -Value ($left | Out-String)
            throw 'something differs, see left.txt'
        }
        'registry, files, task and menu are as before'
    }
}

Write-Line ''
Write-Line "$($script:Failed) failed. The report is $Report, pictures and logs lie in $Folder."
exit $script:Failed
